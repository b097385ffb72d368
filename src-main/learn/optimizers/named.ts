import { scaleByAdam } from './adam.ts'
import { averageWeights } from './average.ts'
import { clipByGlobalNorm } from './clipping.ts'
import { addDecayedWeights } from './decay.ts'
import { traceMomentum } from './momentum.ts'
import { scaleByRms } from './rms.ts'
import { scaleByFactors, scaleByLearningRate } from './scaling.ts'
import { chain, type GradientTransform } from './transform.ts'

/** What every optimizer can do besides. */
export interface CommonSettings {
  /**
   * λ ≥ 0. Of `adamw` decoupled from the gradient (a step also multiplies θ by 1 − η·λ), of the others the gradient of
   * ½λ‖θ‖², as PyTorch has it. @default 0
   */
  readonly weightDecay?: number | undefined
  /** Largest norm of the whole gradient, before weight decay joins it; 0 for no limit. @default 0 */
  readonly clipNorm?: number | undefined
  /** β in 0…1 of a running average of the parameters, which is evaluated in their place; 0 for none. @default 0 */
  readonly averageDecay?: number | undefined
}

interface AdamSettings {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

/** The named optimizers with their settings; those that PyTorch has too take the same steps. */
export type Optimizer = CommonSettings &
  (
    | { readonly kind: 'sgd' }
    | { readonly kind: 'momentum'; readonly momentum: number; readonly nesterov: boolean }
    | ({ readonly kind: 'adam' | 'adamw' } & AdamSettings)
    | {
        readonly kind: 'rmsprop'
        /** Of the running means, PyTorch's alpha. */
        readonly decay: number
        readonly epsilon: number
        readonly centered: boolean
        readonly momentum: number
      }
  )

/** What an optimizer does to gradients before the learning rate. */
function preconditionersOf(optimizer: Optimizer): readonly GradientTransform[] {
  switch (optimizer.kind) {
    case 'sgd':
      return []
    case 'momentum':
      return [traceMomentum({ decay: optimizer.momentum, nesterov: optimizer.nesterov })]
    case 'adam':
    case 'adamw':
      return [scaleByAdam(optimizer)]
    case 'rmsprop':
      return [
        scaleByRms(optimizer),
        ...(optimizer.momentum > 0
          ? [traceMomentum({ decay: optimizer.momentum, nesterov: false })]
          : []),
      ]
  }
}

/**
 * Builds a named optimizer as a chain of transforms: clipping, L2 regularization, preconditioner, decoupled weight
 * decay, learning rate, average; what is not wanted is left out.
 *
 * @param options.learningRateFactors - One a tensor, see {@link scaleByFactors}; decoupled weight decay is scaled
 *   too.
 */
export function optimizerTransform(
  optimizer: Optimizer,
  options: { readonly learningRateFactors?: readonly number[] | undefined } = {},
): GradientTransform {
  const { weightDecay = 0, clipNorm = 0, averageDecay = 0 } = optimizer
  const { learningRateFactors } = options
  const decay = weightDecay > 0 ? [addDecayedWeights({ rate: weightDecay })] : []
  const isDecoupled = optimizer.kind === 'adamw'
  return chain(
    ...(clipNorm > 0 ? [clipByGlobalNorm({ norm: clipNorm })] : []),
    ...(isDecoupled ? [] : decay),
    ...preconditionersOf(optimizer),
    ...(isDecoupled ? decay : []),
    scaleByLearningRate(),
    ...(learningRateFactors?.some((factor) => factor !== 1)
      ? [scaleByFactors(learningRateFactors)]
      : []),
    ...(averageDecay > 0 ? [averageWeights({ decay: averageDecay })] : []),
  )
}
