import { lossProgram, tappedLoss, type LearningRateFactors, type Model } from '#learn/models'
import { optimizerTransform, type GradientTransform } from '#learn/optimizers'
import { KfacStepper, LbfgsStepper, Trainer, type Stepper } from '#learn/training'
import type { Runtime } from '#tensor/runtime'
import type { ExperimentSpec, OptimizerSpec } from '#shared/schemas'

type FirstOrder = Exclude<OptimizerSpec, { kind: 'lbfgs' | 'kfac' }>

/** Whether a step's length follows the gradient's, as of SGD, or not, as of Adam. */
const scalings: { readonly [K in FirstOrder['kind']]: keyof LearningRateFactors } = {
  sgd: 'sgd',
  momentum: 'sgd',
  adam: 'adam',
  adamw: 'adam',
  rmsprop: 'adam',
}

/** The chain of transforms that a first-order optimizer is. */
export const firstOrderTransform = (
  optimizer: FirstOrder,
  averageDecay: number,
  { declarations }: Model,
): GradientTransform =>
  optimizerTransform(
    { ...optimizer, averageDecay },
    {
      learningRateFactors: declarations.map(
        ({ rule }) => rule.learningRateFactors[scalings[optimizer.kind]],
      ),
    },
  )

/**
 * What steps through the training of a spec.
 *
 * @param options.sampleCount - Training samples there are.
 */
export async function createStepper(options: {
  readonly spec: ExperimentSpec
  readonly model: Model
  readonly batchSize: number
  readonly sampleCount: number
  readonly initialParameters: Float32Array
  readonly initialBuffers: Float32Array
  readonly seed: number
  readonly runtime: Runtime
}): Promise<Stepper> {
  const { spec, model, batchSize, sampleCount, seed, ...start } = options
  const { loss, optimizer } = spec.train
  const { layout, buffers } = model
  const batchLoss = { model, loss, batchSize, mode: 'train' } as const
  switch (optimizer.kind) {
    case 'kfac':
      return KfacStepper.create({
        loss: tappedLoss(batchLoss),
        settings: optimizer,
        seed,
        ...start,
      })
    case 'lbfgs':
      return LbfgsStepper.create({
        loss: { program: lossProgram(batchLoss), layout, buffers },
        settings: { ...optimizer, isFullBatch: batchSize === sampleCount },
        ...start,
      })
    default:
      return Trainer.create({
        loss: lossProgram(batchLoss),
        layout,
        buffers,
        optimizer: firstOrderTransform(optimizer, spec.train.averageDecay, model),
        ...start,
      })
  }
}
