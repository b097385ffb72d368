import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { affine, conv2d, globalAveragePool } from '#learn/layers'
import { initializeParameters, lossProgram, networkLayout } from '#learn/models'
import { optimizerTransform, type Optimizer } from '#learn/optimizers'
import { PopulationTrainer, Trainer } from '#learn/training'
import { createLayout, sizeOf, type Layout } from '#tensor/dense'
import {
  logSumExp,
  mul,
  reduceMean,
  reduceSum,
  sub,
  tanh,
  traceProgram,
  type Program,
} from '#tensor/program'
import { float32, largestError } from '../../support/programs.ts'

const optimizers: readonly [string, Optimizer][] = [
  ['sgd', { kind: 'sgd' }],
  ['momentum', { kind: 'momentum', momentum: 0.9, nesterov: false }],
  ['adam', { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }],
]
const members = 3
const batchSize = 8
const classes = 4

interface Task {
  readonly loss: Program
  readonly layout: Layout
  readonly features: readonly number[]
}

/** Two hidden layers. */
function mlp(): Task {
  const network = { widths: [6, 10, 8, classes], activation: 'tanh', bias: true } as const
  const options = { network, loss: 'cross-entropy', batchSize, withAccuracy: true } as const
  return { loss: lossProgram(options), layout: networkLayout(network), features: [batchSize, 6] }
}

/** Two convolutions, the second with a stride, and a classifier on the means. */
function convNet(): Task {
  const layout = createLayout([
    { name: 'conv1.weight', shape: [4, 2, 3, 3] },
    { name: 'conv1.bias', shape: [4] },
    { name: 'conv2.weight', shape: [5, 4, 3, 3] },
    { name: 'head.weight', shape: [classes, 5] },
    { name: 'head.bias', shape: [classes] },
  ])
  const features = [batchSize, 2, 6, 6]
  const types = [
    ...layout.entries.map(({ shape }) => float32(shape)),
    float32(features),
    float32([batchSize, classes]),
    float32([batchSize]),
  ]
  const loss = traceProgram('conv net', types, (inputs) => {
    const [w1, b1, w2, w3, b3, x, targets, weights] = inputs
    const window = { padding: [1, 1] } as const
    const first = tanh(conv2d(x!, { weight: w1!, bias: b1! }, window))
    const second = tanh(conv2d(first, { weight: w2!, bias: null }, { ...window, stride: [2, 2] }))
    const outputs = affine(globalAveragePool(second), { weight: w3!, bias: b3! })
    const each = sub(logSumExp(outputs), reduceSum(mul(targets!, outputs), [1]))
    return [reduceSum(mul(weights!, each))]
  })
  return { loss, layout, features }
}

function normals(shape: readonly number[], ...path: (string | number)[]): Float32Array {
  const data = new Float32Array(sizeOf(shape))
  fillNormal(data, createStream(1, ...path))
  return data
}

const startOf = ({ layout }: Task, member: number): Float32Array => {
  const start = initializeParameters(layout, 'glorot-normal', createStream(member, 'start'))
  const offsets = normals([layout.size], 'offsets', member)
  return start.map((x, i) => x + 0.3 * offsets[i]!)
}

/** Features, one-hot targets and weights of one batch. */
function batchOf({ features }: Task, ...path: (string | number)[]): Float32Array[] {
  const stream = createStream(2, ...path)
  const targets = new Float32Array(batchSize * classes)
  for (let row = 0; row < batchSize; row += 1) {
    targets[row * classes + Math.floor(classes * stream.nextUniform())] = 1
  }
  return [
    normals(features, 'features', ...path),
    targets,
    new Float32Array(batchSize).fill(1 / batchSize),
  ]
}

const stacked = (parts: readonly Float32Array[]): Float32Array =>
  Float32Array.from(parts.flatMap((part) => [...part]))

describe.each([
  ['a multilayer perceptron', mlp],
  ['a convolutional network', convNet],
] as const)('a population of %s', (_, makeTask) => {
  const task = makeTask()
  const rates = [0.05, 0.02, 0.1]

  test.each(optimizers)('equals separate trainers by %s for 20 steps', async (kind, optimizer) => {
    const settings = {
      loss: task.loss,
      layout: task.layout,
      optimizer: optimizerTransform(optimizer),
    }
    const starts = Array.from({ length: members }, (_, member) => startOf(task, member))
    const population = await PopulationTrainer.create({
      ...settings,
      members,
      initialParameters: starts,
    })
    const memberRates = rates.map((rate) => (kind === 'adam' ? 0.1 * rate : rate))
    const results = []
    for (let step = 0; step < 20; step += 1) {
      results.push(await population.step(batchOf(task, step), memberRates))
    }
    for (const [member, initialParameters] of starts.entries()) {
      const trainer = await Trainer.create({ ...settings, initialParameters })
      for (let step = 0; step < 20; step += 1) {
        const { loss, gradientNorm } = await trainer.step(batchOf(task, step), memberRates[member]!)
        const { losses, gradientNorms } = results[step]!
        expect(Math.abs(losses[member]! / loss - 1)).toBeLessThan(1e-5)
        expect(Math.abs(gradientNorms[member]! / gradientNorm - 1)).toBeLessThan(1e-5)
      }
      const own = await trainer.read()
      expect(largestError(await population.parametersOf(member), own.parameters)).toBeLessThan(1e-5)
      expect(largestError(await population.stateOf(member), own.state)).toBeLessThan(1e-5)
      await trainer.release()
    }
    await population.release()
  })

  test('equals separate trainers on data of their own', async () => {
    const settings = {
      loss: task.loss,
      layout: task.layout,
      optimizer: optimizerTransform({ kind: 'sgd' }),
    }
    const starts = Array.from({ length: members }, (_, member) => startOf(task, member))
    const population = await PopulationTrainer.create({
      ...settings,
      members,
      initialParameters: stacked(starts),
      isDataPerMember: [true, true, false],
    })
    const batches = (step: number) => starts.map((_, member) => batchOf(task, member, step))
    for (let step = 0; step < 5; step += 1) {
      const each = batches(step)
      const data = [0, 1].map((input) => stacked(each.map((batch) => batch[input]!)))
      await population.step([...data, each[0]![2]!], rates)
    }
    for (const [member, initialParameters] of starts.entries()) {
      const trainer = await Trainer.create({ ...settings, initialParameters })
      for (let step = 0; step < 5; step += 1) {
        await trainer.step(batches(step)[member]!, rates[member]!)
      }
      const { parameters } = await trainer.read()
      expect(largestError(await population.parametersOf(member), parameters)).toBeLessThan(1e-5)
      await trainer.release()
    }
    await population.release()
  })

  test('names the member that diverges and keeps what it had; the others go on', async () => {
    const settings = {
      loss: task.loss,
      layout: task.layout,
      optimizer: optimizerTransform({ kind: 'momentum', momentum: 0.9, nesterov: false }),
    }
    const starts = Array.from({ length: members }, (_, member) => startOf(task, member))
    const create = () =>
      PopulationTrainer.create({ ...settings, members, initialParameters: starts })
    const [sane, broken] = [await create(), await create()]
    const held: Float32Array[] = []
    const failedAt: number[][] = []
    for (let step = 0; step < 6; step += 1) {
      held.push(await broken.parametersOf(1))
      await sane.step(batchOf(task, step), rates)
      // The second step throws member 1 to infinity, where the third one finds no finite loss.
      const result = await broken.step(
        batchOf(task, step),
        step === 1 ? rates.with(1, Infinity) : rates,
      )
      failedAt.push([...result.newlyFailed])
      expect(Number.isNaN(result.losses[1])).toBe(step >= 2)
      expect(Number.isFinite(result.losses[0]! + result.losses[2]!)).toBe(true)
    }
    expect(failedAt).toEqual([[], [], [1], [], [], []])
    expect([...broken.failures.keys()]).toEqual([1])
    expect(broken.failures.get(1)?.message).toBe(
      'not a finite number in the training loss of member 1',
    )
    expect(await broken.parametersOf(1)).toEqual(held[2])
    for (const member of [0, 2]) {
      expect(await broken.parametersOf(member)).toEqual(await sane.parametersOf(member))
    }

    await broken.restore(1, await sane.parametersOf(1), await sane.stateOf(1))
    expect(broken.failures.size).toBe(0)
    const batch = batchOf(task, 'after')
    expect(await broken.step(batch, rates)).toEqual(await sane.step(batch, rates))
    await sane.release()
    await broken.release()
  })
})

describe('PopulationTrainer', () => {
  const quadratic = traceProgram('quadratic', [float32([2]), float32([2])], ([x, center]) => [
    reduceMean(mul(sub(x!, center!), sub(x!, center!))),
  ])
  const settings = {
    loss: quadratic,
    layout: createLayout([{ name: 'x', shape: [2] }]),
    optimizer: optimizerTransform({ kind: 'sgd' }),
    members: 2,
  }
  const initialParameters = Float32Array.of(1, 2, 3, 4)

  test.each([
    ['no member', { members: 0 }, 'members must be 1 or more, got 0'],
    [
      'too few parameters',
      { initialParameters: Float32Array.of(1, 2, 3) },
      'initial parameters must have shape [2, 2], got [3]',
    ],
    [
      'a vector of another length',
      { initialParameters: [Float32Array.of(1, 2), Float32Array.of(3)] },
      'initial parameters must have shape [2, 2], got [2, 1]',
    ],
    [
      'a flag too many',
      { isDataPerMember: [true, false] },
      'isDataPerMember must have one flag for each of 1 data inputs, got 2',
    ],
  ])('refuses %s', async (_, wrong, message) => {
    await expect(
      PopulationTrainer.create({ ...settings, initialParameters, ...wrong }),
    ).rejects.toThrow(message)
  })

  test('refuses learning rates, members and vectors that do not fit, and stays as it was', async () => {
    const population = await PopulationTrainer.create({ ...settings, initialParameters })
    await expect(population.step([Float32Array.of(0, 0)], [0.1])).rejects.toThrow(
      'learning rates must have shape [2], got [1]',
    )
    await expect(population.parametersOf(2)).rejects.toThrow('member must be in 0…1, got 2')
    await expect(population.restore(0, Float32Array.of(9), new Float32Array(0))).rejects.toThrow(
      'saved parameters must have shape [2], got [1]',
    )
    expect([...(await population.parametersOf(1))]).toEqual([3, 4])
    expect([...initialParameters]).toEqual([1, 2, 3, 4])
    await population.release()
  })
})
