import { createStream, fillNormal } from '#base'
import {
  buildModel,
  initializeBuffers,
  initializeParameters,
  tappedLoss,
  type Loss,
  type Model,
} from '#learn/models'
import { entriesOf, labelsPerSample, outputsOf } from '#learn/tasks'
import type { TensorData } from '#tensor/dense'
import type { KfacOptions } from '#learn/training'

/** A loss, its start and a batch. */
export type KfacProblem = Pick<KfacOptions, 'loss' | 'initialParameters' | 'initialBuffers'> & {
  readonly model: Model
  readonly batch: readonly [features: TensorData, targets: TensorData, weights: Float32Array]
}

/** Random features and targets for a model. */
export function kfacProblem(
  model: Model,
  loss: Loss,
  batchSize: number,
  seed: number,
): KfacProblem {
  const { task } = model
  const stream = createStream(seed, 'second-order')
  const { features, targets } = task
  const normals = (size: number, name: string): Float32Array => {
    const values = new Float32Array(size)
    fillNormal(values, stream.fork(name))
    return values
  }
  const draws = stream.fork('integers')
  const integers = (size: number, bound: number): Int32Array =>
    Int32Array.from({ length: size }, () => draws.nextInteger(bound))
  const inputs =
    features.kind === 'tokens'
      ? integers(batchSize * features.length, features.vocabulary)
      : normals(batchSize * entriesOf(features), 'features')
  const answers =
    targets.kind === 'classes'
      ? integers(batchSize * labelsPerSample(targets), targets.count)
      : normals(batchSize * outputsOf(targets), 'targets')
  return {
    model,
    loss: tappedLoss({ model, loss, batchSize }),
    initialParameters: initializeParameters(model, stream.fork('parameters')),
    initialBuffers: initializeBuffers(model),
    batch: [inputs, answers, new Float32Array(batchSize).fill(1 / batchSize)],
  }
}

/** A fully connected network that gives values. */
export const linearNetwork = (
  hidden: readonly number[],
  bias: boolean,
  parameterization: 'standard' | 'ntk' = 'standard',
): Model =>
  buildModel(
    { kind: 'mlp', hidden, activation: 'identity', bias, residual: false },
    { features: { kind: 'values', shape: [4] }, targets: { kind: 'values', count: 3 } },
    { initialization: 'lecun-normal', parameterization: { kind: parameterization } },
  )
