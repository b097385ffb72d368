import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadArrays, loadSamplesFile } from '#learn/datasets'
import { lossProgram, networkLayout } from '#learn/models'
import {
  chain,
  optimizerTransform,
  scaleByAdam,
  scaleByLearningRate,
  traceMomentum,
  type Optimizer,
} from '#learn/optimizers'
import { stepProgram, Trainer } from '#learn/training'
import { createLayout } from '#tensor/dense'
import { add, integerPower, mul, reduceSum, slice, sub, traceProgram } from '#tensor/program'
import { createOnnxRuntime, interpretProgram } from '#tensor/runtime'
import { partitionSamples } from '../../../src-main/lab/experiments/batches.ts'
import { fixturePath } from '../../support/fixtures.ts'
import { float32 } from '../../support/programs.ts'

/** One row joins the suite: settings, the rate PyTorch used, and the rates for the two targets. */
const table: readonly {
  name: 'sgd' | 'momentum' | 'nesterov' | 'adam'
  optimizer: Optimizer
  rate: number
  parabola: number
  rosenbrock: number
}[] = [
  { name: 'sgd', optimizer: { kind: 'sgd' }, rate: 0.1, parabola: 0.1, rosenbrock: 1e-3 },
  {
    name: 'momentum',
    optimizer: { kind: 'momentum', momentum: 0.9, nesterov: false },
    rate: 0.05,
    parabola: 0.02,
    rosenbrock: 2e-4,
  },
  {
    name: 'nesterov',
    optimizer: { kind: 'momentum', momentum: 0.9, nesterov: true },
    rate: 0.05,
    parabola: 0.02,
    rosenbrock: 2e-4,
  },
  {
    name: 'adam',
    optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    rate: 0.01,
    parabola: 0.05,
    rosenbrock: 0.01,
  },
]

const layout = createLayout([{ name: 'x', shape: [2] }])
const parabola = traceProgram('parabola', [float32([2])], ([x]) => [
  reduceSum(mul(mul(x!, x!), 0.5)),
])
// (1 − a)² + 100(b − a²)²
const rosenbrock = traceProgram('rosenbrock', [float32([2])], ([x]) => {
  const [a, b] = [slice(x!, [0], [1]), slice(x!, [1], [2])]
  return [reduceSum(add(integerPower(sub(1, a), 2), mul(integerPower(sub(b, mul(a, a)), 2), 100)))]
})

describe.each(table)('$name', ({ name, optimizer, rate, ...rates }) => {
  test('follows PyTorch for 20 steps', async () => {
    const golden = JSON.parse(
      readFileSync(fixturePath('networks', 'trajectories.json'), 'utf8'),
    ) as Record<string, { losses: number[]; parameters: number[] }>
    const network = { widths: [5, 7, 3], activation: 'tanh', bias: false } as const
    const parameterLayout = networkLayout(network)
    const arrays = await loadArrays(fixturePath('networks', 'tanh-mse-no-bias.npz'))
    const samples = await loadSamplesFile(fixturePath('networks', 'tanh-mse-no-bias-data.npz'), {
      task: 'regression',
    })
    const initialParameters = Float32Array.from(
      parameterLayout.entries.flatMap((entry) => [...arrays.get(entry.name)!.data]),
    )
    const trainer = await Trainer.create({
      loss: lossProgram({
        network,
        loss: 'squared-error',
        batchSize: samples.count,
        withAccuracy: false,
      }),
      layout: parameterLayout,
      optimizer: optimizerTransform(optimizer),
      initialParameters,
    })
    const batch = partitionSamples(samples, samples.count)[0]!
    for (const expected of golden[name]!.losses) {
      const { loss } = await trainer.step(batch, rate)
      expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-5)
    }
    const { parameters } = await trainer.read()
    golden[name]!.parameters.forEach((expected, i) =>
      expect(Math.abs(parameters[i]! - expected)).toBeLessThan(2e-5),
    )
    await trainer.release()
  })

  test.each([
    ['parabola', parabola, [3, -2], [0, 0], 600],
    ['rosenbrock', rosenbrock, [-1, 1], [1, 1], 20_000],
  ] as const)('reaches the minimum of the %s', async (target, loss, from, to, steps) => {
    const trainer = await Trainer.create({
      loss,
      layout,
      optimizer: optimizerTransform(optimizer),
      initialParameters: Float32Array.from(from),
      runtime: createOnnxRuntime({ threads: 1 }),
    })
    for (let i = 0; i < steps; i += 1) await trainer.step([], rates[target])
    const { parameters } = await trainer.read()
    to.forEach((x, i) => expect(Math.abs(parameters[i]! - x)).toBeLessThan(0.02))
    await trainer.release()
  })

  test('goes on bit-equal from saved parameters and state', async () => {
    const create = () =>
      Trainer.create({
        loss: rosenbrock,
        layout,
        optimizer: optimizerTransform(optimizer),
        initialParameters: Float32Array.of(-1, 1),
        runtime: createOnnxRuntime({ threads: 1 }),
      })
    const [whole, first, second] = [await create(), await create(), await create()]
    for (let i = 0; i < 40; i += 1) await whole.step([], 1e-3)
    for (let i = 0; i < 15; i += 1) await first.step([], 1e-3)
    const saved = await first.read()
    await second.restore(saved.parameters.slice(), saved.state.slice())
    for (let i = 0; i < 25; i += 1) await second.step([], 1e-3)
    expect(await second.read()).toEqual(await whole.read())
    for (const trainer of [whole, first, second]) await trainer.release()
  })
})

describe('chain', () => {
  test('is associative', () => {
    const parts = [
      traceMomentum({ decay: 0.5, nesterov: false }),
      scaleByAdam({ beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }),
      scaleByLearningRate(),
    ] as const
    const left = chain(chain(parts[0], parts[1]), parts[2])
    const right = chain(parts[0], chain(parts[1], parts[2]))
    const run = (optimizer: typeof left) => {
      const program = stepProgram(rosenbrock, 1, optimizer)
      const inputs = program.inputs.map(({ type }, i) =>
        Float64Array.from(
          { length: type.shape.reduce((a, b) => a * b, 1) },
          (_, j) => 0.1 * (i + j + 1),
        ),
      )
      return interpretProgram(program, inputs)
    }
    expect(run(left)).toEqual(run(right))
  })
})

describe('Trainer', () => {
  test('names the training loss when it is no longer finite, and keeps the parameters', async () => {
    const trainer = await Trainer.create({
      loss: rosenbrock,
      layout,
      optimizer: optimizerTransform({ kind: 'sgd' }),
      initialParameters: Float32Array.of(1e15, 1),
    })
    await expect(trainer.step([], 1)).rejects.toThrow('not a finite number in the training loss')
    expect((await trainer.read()).parameters[0]).toBe(Math.fround(1e15))
    await trainer.release()
  })
})
