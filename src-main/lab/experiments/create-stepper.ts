import { InputError } from '#base'
import { lossProgram, tappedLoss, type LearningRateFactors, type Model } from '#learn/models'
import { optimizerTransform, type GradientTransform } from '#learn/optimizers'
import { KfacStepper, LbfgsStepper, Trainer, type Stepper } from '#learn/training'
import type { Runtime } from '#tensor/runtime'
import type { ExperimentSpec, OptimizerSpec, TrainSpec } from '#shared/schemas'

type FirstOrder = Exclude<OptimizerSpec, { kind: 'lbfgs' | 'kfac' }>

/** Whether a step's length follows the gradient's, as of SGD, or not, as of Adam. */
const scalings: { readonly [K in FirstOrder['kind']]: keyof LearningRateFactors } = {
  sgd: 'sgd',
  momentum: 'sgd',
  adam: 'adam',
  adamw: 'adam',
  rmsprop: 'adam',
}

/** The chain of transforms that a spec's optimizer is; null for one with programs of its own. */
export function transformOf(
  { optimizer, averageDecay }: TrainSpec,
  model: Model,
): GradientTransform | null {
  if (optimizer.kind === 'lbfgs' || optimizer.kind === 'kfac') return null
  const scaling = scalings[optimizer.kind]
  return optimizerTransform(
    { ...optimizer, averageDecay },
    {
      learningRateFactors: model.declarations.map(({ rule }) => rule.learningRateFactors[scaling]),
    },
  )
}

/** Refuses what only chains of transforms can do. */
function checkSecondOrder({ train, model }: ExperimentSpec): void {
  const { kind } = train.optimizer
  if (train.averageDecay > 0) {
    const problem = `must be 0 with ${kind}, got ${train.averageDecay}`
    throw new InputError('train.averageDecay', `train.averageDecay ${problem}`)
  }
  if (model.parameterization.kind === 'mup') {
    const key = 'model.parameterization.kind'
    throw new InputError(
      key,
      `${key} must be standard or ntk with ${kind}, which has one learning rate for all tensors, got mup`,
    )
  }
}

/**
 * What steps through the training of a spec.
 *
 * @param options.sampleCount - Training samples there are.
 * @throws InputError naming a setting that does not go with the optimizer.
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
  const transform = transformOf(spec.train, model)
  const batchLoss = { model, loss, batchSize, mode: 'train' } as const
  if (transform !== null) {
    const program = lossProgram(batchLoss)
    return Trainer.create({ loss: program, layout, buffers, optimizer: transform, ...start })
  }
  checkSecondOrder(spec)
  if (optimizer.kind === 'kfac') {
    return KfacStepper.create({ loss: tappedLoss(batchLoss), settings: optimizer, seed, ...start })
  }
  if (optimizer.kind === 'lbfgs') {
    return LbfgsStepper.create({
      loss: { program: lossProgram(batchLoss), layout, buffers },
      settings: { ...optimizer, isFullBatch: batchSize === sampleCount },
      ...start,
    })
  }
  throw new Error(`internal: no stepper for ${optimizer.kind}`)
}
