import { initializeBuffers, lossProgram, type LearningRateFactors, type Model } from '#learn/models'
import { optimizerTransform, type GradientTransform } from '#learn/optimizers'
import { Trainer, type Stepper } from '#learn/training'
import type { Runtime } from '#tensor/runtime'
import type { ExperimentSpec, OptimizerSpec } from '#shared/schemas'

/** Whether a step's length follows the gradient's, as of SGD, or not, as of Adam. */
const scalings: { readonly [K in OptimizerSpec['kind']]: keyof LearningRateFactors } = {
  sgd: 'sgd',
  momentum: 'sgd',
  adam: 'adam',
  adamw: 'adam',
  rmsprop: 'adam',
}

/** The transform of a spec's first-order optimizer for a network. */
export function transformOf(train: ExperimentSpec['train'], model: Model): GradientTransform {
  const { optimizer, averageDecay } = train
  const scaling = scalings[optimizer.kind]
  return optimizerTransform(
    { ...optimizer, averageDecay },
    {
      learningRateFactors: model.declarations.map(({ rule }) => rule.learningRateFactors[scaling]),
    },
  )
}

/** What steps through the training of a spec. */
export function createStepper(options: {
  readonly spec: ExperimentSpec
  readonly model: Model
  readonly batchSize: number
  readonly initialParameters: Float32Array
  readonly seed: number
  readonly runtime: Runtime
}): Promise<Stepper> {
  const { spec, model, batchSize, initialParameters, runtime } = options
  const { train } = spec
  return Trainer.create({
    loss: lossProgram({ model, loss: train.loss, batchSize, mode: 'train' }),
    layout: model.layout,
    buffers: model.buffers,
    optimizer: transformOf(train, model),
    initialParameters,
    initialBuffers: initializeBuffers(model),
    runtime,
  })
}
