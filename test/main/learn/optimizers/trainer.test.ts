import { describe, expect, test } from 'vitest'
import { optimizerTransform } from '#learn/optimizers'
import { Trainer, type StepObservation } from '#learn/training'
import { createLayout } from '#tensor/dense'
import { add, mul, reduceMean, reduceSum, sub, traceProgram } from '#tensor/program'
import { createOnnxRuntime } from '#tensor/runtime'
import { float32 } from '../../../support/programs.ts'
import { fixtureNetwork, parabola, rosenbrock } from './problems.ts'

const plain = (learningRate: number) => ({ learningRate, isObserved: false })
const observed = (learningRate: number) => ({ learningRate, isObserved: true })
const sgd = optimizerTransform({ kind: 'sgd' })

/**
 * ½·mean‖x − θ‖² over a batch of 4, with running statistics: a mean of the batches (decay ½) and a count of the steps; a
 * second scalar comes out besides the loss.
 */
const tracked = {
  loss: traceProgram(
    'tracked',
    [float32([2]), float32([2]), float32([]), float32([4, 2])],
    ([theta, mean, count, x]) => {
      const difference = sub(x!, theta!)
      const batchMean = mul(reduceSum(x!, [0]), 1 / 4)
      return [
        mul(reduceSum(mul(difference, difference)), 1 / 8),
        reduceMean(x!),
        add(mul(mean!, 0.5), mul(batchMean, 0.5)),
        add(count!, 1),
      ]
    },
  ),
  layout: createLayout([{ name: 'theta', shape: [2] }]),
  buffers: createLayout([
    { name: 'mean', shape: [2] },
    { name: 'count', shape: [] },
  ]),
  initialParameters: Float32Array.of(1, -1),
  initialBuffers: Float32Array.of(8, 16, 0),
  optimizer: sgd,
}
const batch = Float32Array.of(1, 0, 2, 0, 3, 0, 2, 4)

describe('observed steps', () => {
  test('report update, distance from the start and cosine of gradients', async () => {
    const trainer = await Trainer.create({ ...parabola, optimizer: sgd })
    const observations: (StepObservation | null)[] = []
    for (const rate of [0.5, 0.25]) {
      observations.push((await trainer.step([], observed(rate))).observation)
    }
    // The gradient is x itself: (3, −2), (1.5, −1), (1.125, −0.75), all in one direction.
    const start = Math.hypot(3, -2)
    expect(observations).toEqual([
      {
        updateNorm: expect.closeTo(0.5 * start, 6) as number,
        gradientCosine: null,
        distance: expect.closeTo(0.5 * start, 6) as number,
      },
      {
        updateNorm: expect.closeTo(0.125 * start, 6) as number,
        gradientCosine: expect.closeTo(1, 6) as number,
        distance: expect.closeTo(0.625 * start, 6) as number,
      },
    ])
    await trainer.release()
  })

  test('know the cosine only if the step before was observed', async () => {
    const trainer = await Trainer.create({ ...rosenbrock, optimizer: sgd })
    const cosines: (number | null | undefined)[] = []
    for (const step of [observed, plain, observed, observed]) {
      cosines.push((await trainer.step([], step(1e-3))).observation?.gradientCosine)
      const { previousGradient } = await trainer.read()
      expect(previousGradient === null).toBe(step === plain)
    }
    // In float64 by hand: gradients at the third and fourth point.
    const gradient = ([a, b]: readonly [number, number]) =>
      [-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)] as const
    let point: readonly [number, number] = [-1, 1]
    const gradients = [0, 1, 2, 3].map(() => {
      const g = gradient(point)
      point = [point[0] - 1e-3 * g[0], point[1] - 1e-3 * g[1]]
      return g
    })
    const [third, fourth] = [gradients[2]!, gradients[3]!]
    const cosine =
      (third[0] * fourth[0] + third[1] * fourth[1]) / (Math.hypot(...third) * Math.hypot(...fourth))
    expect(cosines).toEqual([null, undefined, null, expect.closeTo(cosine, 4)])
    await trainer.release()
  })

  test('have no cosine at a stationary point', async () => {
    const trainer = await Trainer.create({
      ...parabola,
      initialParameters: new Float32Array(2),
      optimizer: sgd,
    })
    await trainer.step([], observed(0.1))
    const { observation } = await trainer.step([], observed(0.1))
    expect(observation).toEqual({ updateNorm: 0, gradientCosine: null, distance: 0 })
    await trainer.release()
  })

  test('measure the distance from the start after a restoration too', async () => {
    const trainer = await Trainer.create({ ...parabola, optimizer: sgd })
    const vectors = await trainer.read()
    await trainer.restore({ ...vectors, parameters: Float32Array.of(3, 2) })
    const { observation } = await trainer.step([], observed(0.5))
    expect(observation?.distance).toBeCloseTo(Math.hypot(1.5, 3), 6)
    await trainer.release()
  })
})

describe('running statistics', () => {
  test.each([true, false])('follow the batches (as one vector: %s)', async (isFlat) => {
    const runtime = createOnnxRuntime({ threads: 1 })
    const trainer = await Trainer.create({
      ...tracked,
      runtime: { ...runtime, sharesHostMemory: isFlat },
    })
    const { loss } = await trainer.step([batch], plain(0.5))
    // ½·mean of (0,1), (1,1), (2,1), (1,5) squared and summed.
    expect(loss).toBe((1 + 2 + 5 + 26) / 8)
    let { parameters, buffers } = await trainer.read()
    expect([...parameters]).toEqual([1.5, 0])
    expect([...buffers]).toEqual([5, 8.5, 1])
    await trainer.step([batch], observed(0.5))
    ;({ parameters, buffers } = await trainer.read())
    expect([...buffers]).toEqual([3.5, 4.75, 2])
    const tensors = await Promise.all(trainer.bufferTensors.map((tensor) => tensor.read()))
    expect(tensors.flatMap((tensor) => [...tensor])).toEqual([3.5, 4.75, 2])
    await trainer.release()
  })

  test('stay as they were where a step fails', async () => {
    const trainer = await Trainer.create(tracked)
    await expect(trainer.step([batch.map(() => Infinity)], plain(0.5))).rejects.toThrow(
      'not a finite number in the training loss',
    )
    expect([...(await trainer.read()).buffers]).toEqual([8, 16, 0])
    await trainer.release()
  })

  test('of a wrong size are refused', async () => {
    await expect(
      Trainer.create({ ...tracked, initialBuffers: Float32Array.of(1) }),
    ).rejects.toThrow('initial running statistics must have shape [3], got [1]')
  })
})

describe('restore', () => {
  test.each([
    ['parameters', 'saved parameters must have shape [2], got [1]'],
    ['buffers', 'saved running statistics must have shape [3], got [1]'],
    ['state', 'saved optimizer state must have shape [0], got [1]'],
    ['previousGradient', 'saved previous gradient must have shape [2], got [1]'],
  ])('refuses %s of a wrong size and changes nothing', async (key, message) => {
    const trainer = await Trainer.create(tracked)
    await trainer.step([batch], plain(0.5))
    const { parameters, buffers, state } = await trainer.read()
    const vectors = {
      parameters: Float32Array.of(7, 7),
      buffers: Float32Array.of(7, 7, 7),
      state,
      previousGradient: null,
    }
    await expect(trainer.restore({ ...vectors, [key]: Float32Array.of(9) })).rejects.toThrow(
      message,
    )
    expect([...parameters, ...buffers]).toEqual([1.5, 0, 5, 8.5, 1])
    await trainer.release()
  })
})

test('a gradient that is not finite is named', async () => {
  // The loss is finite in float32, the square of the gradient is not.
  const steep = traceProgram('steep', [float32([2])], ([x]) => [mul(reduceSum(x!), 1e25)])
  const trainer = await Trainer.create({ ...parabola, loss: steep, optimizer: sgd })
  await expect(trainer.step([], plain(1))).rejects.toThrow('not a finite number in the gradient')
  expect([...(await trainer.read()).parameters]).toEqual([3, -2])
  await trainer.release()
})

test('the second program is compiled when a step is first observed', async () => {
  const runtime = createOnnxRuntime({ threads: 1 })
  const problem = await fixtureNetwork()
  const trainer = await Trainer.create({ ...problem, optimizer: sgd, runtime })
  for (let i = 0; i < 3; i += 1) await trainer.step(problem.batch, plain(0.1))
  expect(runtime.statistics().sessionsHeld).toBe(1)
  await trainer.step(problem.batch, observed(0.1))
  expect(runtime.statistics().sessionsHeld).toBe(2)
  await trainer.release()
  expect(runtime.statistics().sessionsHeld).toBe(0)
})
