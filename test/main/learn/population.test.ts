import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import {
  buildModel,
  fullyConnected,
  initializeBuffers,
  initializeParameters,
  lossProgram,
  type Model,
} from '#learn/models'
import { optimizerTransform, type Optimizer } from '#learn/optimizers'
import { PopulationTrainer, Trainer } from '#learn/training'
import { createLayout, sizeOf, type Layout } from '#tensor/dense'
import { mul, reduceMean, sub, traceProgram, type Program } from '#tensor/program'
import { float32, largestError } from '../../support/programs.ts'

const optimizers: readonly [string, Optimizer][] = [
  ['sgd', { kind: 'sgd' }],
  ['momentum', { kind: 'momentum', momentum: 0.9, nesterov: false }],
  ['adam', { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }],
  [
    'everything',
    {
      kind: 'adamw',
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.1,
      clipNorm: 0.5,
      averageDecay: 0.9,
    },
  ],
]
const members = 3
const batchSize = 8
const classes = 4

interface Network {
  readonly model: Model
  readonly loss: Program
  readonly layout: Layout
  readonly buffers: Layout
  readonly features: readonly number[]
}

const asNetwork = (model: Model, shape: readonly number[]): Network => ({
  model,
  loss: lossProgram({
    model,
    loss: 'cross-entropy',
    batchSize,
    mode: 'train',
    withAccuracy: true,
  }),
  layout: model.layout,
  buffers: model.buffers,
  features: [batchSize, ...shape],
})

/** Two hidden layers. */
function mlp(): Network {
  const widths = [6, 10, 8, classes]
  const model = fullyConnected({ widths, activation: 'tanh', bias: true, targets: 'classes' })
  return asNetwork(model, [6])
}

/** Two convolutions with batch norm, the second with a stride, and a classifier on the means. */
function convNet(): Network {
  const shape = [2, 6, 6]
  const model = buildModel(
    {
      kind: 'cnn',
      channels: [4, 5],
      strides: [1, 2],
      kernel: 3,
      pooling: 'none',
      normalization: 'batch',
      groups: 1,
      head: 'average',
      hidden: [],
      activation: 'tanh',
      bias: true,
    },
    {
      features: { kind: 'values', shape },
      targets: { kind: 'classes', count: classes, perSample: 1 },
    },
    { initialization: 'glorot-normal', parameterization: { kind: 'standard' } },
  )
  return asNetwork(model, shape)
}

function normals(shape: readonly number[], ...path: (string | number)[]): Float32Array {
  const data = new Float32Array(sizeOf(shape))
  fillNormal(data, createStream(1, ...path))
  return data
}

const startOf = ({ model }: Network, member: number): Float32Array => {
  const start = initializeParameters(model, createStream(member, 'start'))
  const offsets = normals([model.layout.size], 'offsets', member)
  return start.map((x, i) => x + 0.3 * offsets[i]!)
}

/** Features, labels and weights of one batch. */
function batchOf(
  { features }: Network,
  ...path: (string | number)[]
): [Float32Array, Int32Array, Float32Array] {
  const stream = createStream(2, ...path)
  const labels = new Int32Array(batchSize).map(() => Math.floor(classes * stream.nextUniform()))
  return [
    normals(features, 'features', ...path),
    labels,
    new Float32Array(batchSize).fill(1 / batchSize),
  ]
}

const plain = (learningRate: number) => ({ learningRate, isObserved: false })

describe.each([
  ['a multilayer perceptron', mlp],
  ['a convolutional network', convNet],
] as const)('a population of %s', (_, makeNetwork) => {
  const network = makeNetwork()
  const rates = [0.05, 0.02, 0.1]

  test.each(optimizers)('equals separate trainers by %s for 20 steps', async (_, optimizer) => {
    const settings = {
      ...network,
      initialBuffers: initializeBuffers(network.model),
      optimizer: optimizerTransform(optimizer),
    }
    const starts = Array.from({ length: members }, (_, member) => startOf(network, member))
    const population = await PopulationTrainer.create({
      ...settings,
      members,
      initialParameters: starts,
    })
    const memberRates = rates.map((rate) => (optimizer.kind.startsWith('adam') ? 0.1 * rate : rate))
    const results = []
    for (let step = 0; step < 20; step += 1) {
      results.push(await population.step(batchOf(network, step), memberRates))
    }
    for (const [member, initialParameters] of starts.entries()) {
      const trainer = await Trainer.create({ ...settings, initialParameters })
      for (let step = 0; step < 20; step += 1) {
        const { loss, gradientNorm } = await trainer.step(
          batchOf(network, step),
          plain(memberRates[member]!),
        )
        const { losses, gradientNorms } = results[step]!
        expect(Math.abs(losses[member]! / loss - 1)).toBeLessThan(1e-5)
        expect(Math.abs(gradientNorms[member]! / gradientNorm - 1)).toBeLessThan(1e-5)
      }
      const own = await trainer.read()
      const vectors = await population.vectorsOf(member)
      for (const key of ['parameters', 'state', 'buffers'] as const) {
        expect(largestError(vectors[key], own[key])).toBeLessThan(1e-5)
      }
      expect(largestError(await population.evaluatedOf(member), own.evaluated)).toBeLessThan(1e-5)
      await trainer.release()
    }
    await population.release()
  })

  test('equals separate trainers on data of their own', async () => {
    const settings = {
      ...network,
      initialBuffers: initializeBuffers(network.model),
      optimizer: optimizerTransform({ kind: 'sgd' }),
    }
    const starts = Array.from({ length: members }, (_, member) => startOf(network, member))
    const population = await PopulationTrainer.create({
      ...settings,
      members,
      initialParameters: Float32Array.from(starts.flatMap((start) => [...start])),
      isDataPerMember: [true, true, false],
    })
    const batches = (step: number) => starts.map((_, member) => batchOf(network, member, step))
    for (let step = 0; step < 5; step += 1) {
      const each = batches(step)
      const features = Float32Array.from(each.flatMap(([x]) => [...x]))
      const labels = Int32Array.from(each.flatMap(([, y]) => [...y]))
      await population.step([features, labels, each[0]![2]], rates)
    }
    for (const [member, initialParameters] of starts.entries()) {
      const trainer = await Trainer.create({ ...settings, initialParameters })
      for (let step = 0; step < 5; step += 1) {
        await trainer.step(batches(step)[member]!, plain(rates[member]!))
      }
      const { parameters } = await trainer.read()
      expect(largestError(await population.parametersOf(member), parameters)).toBeLessThan(1e-5)
      await trainer.release()
    }
    await population.release()
  })

  test('names the member that diverges and keeps what it had; the others go on', async () => {
    const settings = {
      ...network,
      initialBuffers: initializeBuffers(network.model),
      optimizer: optimizerTransform({ kind: 'momentum', momentum: 0.9, nesterov: false }),
    }
    const starts = Array.from({ length: members }, (_, member) => startOf(network, member))
    const create = () =>
      PopulationTrainer.create({ ...settings, members, initialParameters: starts })
    const [sane, broken] = [await create(), await create()]
    const held: Float32Array[] = []
    const failedAt: number[][] = []
    for (let step = 0; step < 6; step += 1) {
      held.push(await broken.parametersOf(1))
      await sane.step(batchOf(network, step), rates)
      // The second step throws member 1 to infinity, where the third one finds no finite loss.
      const result = await broken.step(
        batchOf(network, step),
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

    await broken.restore(1, await sane.vectorsOf(1))
    expect(broken.failures.size).toBe(0)
    const batch = batchOf(network, 'after')
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
    await expect(
      population.restore(0, {
        parameters: Float32Array.of(9),
        state: new Float32Array(0),
        buffers: new Float32Array(0),
      }),
    ).rejects.toThrow('saved parameters must have shape [2], got [1]')
    expect([...(await population.parametersOf(1))]).toEqual([3, 4])
    expect([...initialParameters]).toEqual([1, 2, 3, 4])
    await population.release()
  })
})
