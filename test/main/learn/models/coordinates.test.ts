import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  buildModel,
  initializeParameters,
  lossProgram,
  parameterInputs,
  type Architecture,
  type Initialization,
  type Model,
  type Parameterization,
} from '#learn/models'
import type { Task } from '#learn/tasks'
import { layoutViews } from '#tensor/dense'
import { Graph, type Program } from '#tensor/program'
import { compileProgram, type TensorInput } from '#tensor/runtime'
import { gradient } from '#tensor/transforms'
import { featureType } from '../../../../src-main/learn/models/model.ts'
import { TraceRecord, tracingScope } from '../../../../src-main/learn/models/scope.ts'
import { cnnOf, imageTask, mlpOf, tokenTask, transformerOf } from './architectures.ts'
import { filledBatch } from './twin-cases.ts'

/** Outputs of every marked layer, in order; those of the network are the last. */
function layerProgram(model: Model, batchSize: number): Program {
  const graph = new Graph()
  const record = new TraceRecord()
  const features = graph.input(featureType(model.task, batchSize))
  const outputs = [] as ReturnType<Model['apply']>[]
  const scope = tracingScope(graph, record, {
    mode: 'evaluate',
    rule: model.rule,
    onTap: ({ output }) => {
      outputs.push(output)
      return output
    },
  })
  model.apply(scope, features)
  return graph.finish('layers', [...record.inputs, features], outputs)
}

const rms = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i += 1) sum += (a[i]! - b[i]!) ** 2
  return Math.sqrt(sum / a.length)
}

interface CoordinateOptions {
  readonly architecture: Architecture
  readonly task: Task
  readonly parameterization: Parameterization
  readonly initialization: Initialization
  readonly optimizer: 'sgd' | 'adam'
  readonly learningRate: number
  readonly seed: number
}

/** Root mean square of what each layer's output moves by in three steps on one batch. */
async function coordinateMoves(options: CoordinateOptions): Promise<number[]> {
  const { architecture, task, parameterization, initialization, optimizer, seed } = options
  const batchSize = 8
  const model = buildModel(architecture, task, { parameterization, initialization })
  const loss = lossProgram({ model, loss: 'cross-entropy', batchSize })
  const slopes = await compileProgram(gradient(loss, parameterInputs(model)))
  const layers = await compileProgram(layerProgram(model, batchSize))
  const [features, targets] = filledBatch({ task, batchSize })
  const weights = new Float32Array(batchSize).fill(1 / batchSize)
  const flat = initializeParameters(model, createStream(seed, 'coordinates'))
  const views = layoutViews(model.layout, flat)
  const moments = views.map(({ length }) => ({
    first: new Float64Array(length),
    second: new Float64Array(length),
  }))
  const run = async (): Promise<ArrayLike<number>[]> =>
    (await layers.run([...views, features!])).map((values) => Float32Array.from(values))
  const before = await run()
  for (let step = 1; step <= 3; step += 1) {
    const inputs: TensorInput[] = [...views, features!, targets!, weights]
    const parts = await slopes.run(inputs)
    views.forEach((view, i) => {
      const { sgd, adam } = model.declarations[i]!.rule.learningRateFactors
      const rate = options.learningRate * (optimizer === 'sgd' ? sgd : adam)
      const { first, second } = moments[i]!
      for (let j = 0; j < view.length; j += 1) {
        const slope = parts[i]![j]!
        first[j] = 0.9 * first[j]! + 0.1 * slope
        second[j] = 0.999 * second[j]! + 0.001 * slope * slope
        const scaled = first[j]! / (1 - 0.9 ** step)
        const size = Math.sqrt(second[j]! / (1 - 0.999 ** step)) + 1e-30
        view[j]! -= rate * (optimizer === 'sgd' ? slope : scaled / size)
      }
    })
  }
  const after = await run()
  await slopes.release()
  await layers.release()
  return after.map((values, i) => rms(values, before[i]!))
}

const widths = [32, 128, 512]

/** Slopes of log(move) on log(width), a layer: 0 is what a maximal update is. */
async function moveExponents(
  at: (width: number) => Pick<CoordinateOptions, 'architecture' | 'task'>,
  kind: 'standard' | 'mup',
  options: Pick<CoordinateOptions, 'optimizer' | 'learningRate'>,
): Promise<number[]> {
  const parameterization: Parameterization =
    kind === 'mup' ? { kind, baseWidth: widths[0]! } : { kind }
  const logs: number[][] = []
  for (const width of widths) {
    const sums: number[] = []
    for (const seed of [1, 2]) {
      const moves = await coordinateMoves({
        ...at(width),
        ...options,
        parameterization,
        initialization: 'he-normal',
        seed,
      })
      moves.forEach((move, i) => (sums[i] = (sums[i] ?? 0) + Math.log(move) / 2))
    }
    logs.push(sums)
  }
  return logs[0]!.map((low, i) => (logs.at(-1)![i]! - low) / Math.log(widths.at(-1)! / widths[0]!))
}

const networks = {
  mlp: (width: number) => ({
    architecture: mlpOf({ hidden: [width, width, width], activation: 'tanh' }),
    task: imageTask(1, 4, 5),
  }),
  cnn: (width: number) => ({
    architecture: cnnOf({ channels: [width, width], pooling: 'average', activation: 'tanh' }),
    task: imageTask(2, 4, 5),
  }),
  transformer: (width: number) => ({
    architecture: transformerOf({ width, layers: 1, mlpRatio: 2 }),
    task: tokenTask(6, 11),
  }),
}

describe.each(['mlp', 'cnn', 'transformer'] as const)('coordinates of a network: %s', (name) => {
  test.each([
    ['adam', 1e-3],
    ['sgd', 1e-2],
  ] as const)(
    'move as much at any width under mup, by %s',
    async (optimizer, learningRate) => {
      const exponents = await moveExponents(networks[name], 'mup', { optimizer, learningRate })
      exponents.forEach((exponent) => expect(Math.abs(exponent)).toBeLessThan(0.15))
    },
    120_000,
  )

  test.each([
    ['adam', 1e-3],
    ['sgd', 1e-3],
  ] as const)(
    'move more the wider it is under the standard parameterization, at the output, by %s',
    async (optimizer, learningRate) => {
      const exponents = await moveExponents(networks[name], 'standard', { optimizer, learningRate })
      // In the limit 1: a sum over the width of changes that all point one way.
      expect(exponents.at(-1)!).toBeGreaterThan(0.7)
    },
    120_000,
  )
})
