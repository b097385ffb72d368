import { add, mul } from '#tensor/program'
import type { GradientTransform } from './transform.ts'

/**
 * u ← u + λ·θ. First in a chain it is the gradient of ½λ‖θ‖² (L2 regularization); after the preconditioner and before the
 * learning rate it is decoupled weight decay, θ ← (1 − ηλ)·θ − η·u.
 *
 * @param options.rate - λ, 0 or more.
 * @see Loshchilov and Hutter, Decoupled weight decay regularization (2019), Algorithm 2
 */
export function addDecayedWeights({ rate }: { readonly rate: number }): GradientTransform {
  return {
    ignoresTensorBounds: true,
    init: () => [],
    update: (updates, state, { parameters }) => ({
      updates: updates.map((update, i) => add(update, mul(parameters[i]!, rate))),
      state,
    }),
  }
}
