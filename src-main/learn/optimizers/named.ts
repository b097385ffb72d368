import { scaleByAdam, scaleByLearningRate, traceMomentum } from './scaling.ts'
import { chain, type GradientTransform } from './transform.ts'

/** The named optimizers with their settings. */
export type Optimizer =
  | { readonly kind: 'sgd' }
  | { readonly kind: 'momentum'; readonly momentum: number; readonly nesterov: boolean }
  | {
      readonly kind: 'adam'
      readonly beta1: number
      readonly beta2: number
      readonly epsilon: number
    }

/** Builds a named optimizer as a chain of transforms. */
export function optimizerTransform(optimizer: Optimizer): GradientTransform {
  switch (optimizer.kind) {
    case 'sgd':
      return scaleByLearningRate()
    case 'momentum':
      return chain(
        traceMomentum({ decay: optimizer.momentum, nesterov: optimizer.nesterov }),
        scaleByLearningRate(),
      )
    case 'adam':
      return chain(scaleByAdam(optimizer), scaleByLearningRate())
  }
}
