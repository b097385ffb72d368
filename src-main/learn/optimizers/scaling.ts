import { mul, neg } from '#tensor/program'
import { InputError } from '#base'
import type { GradientTransform } from './transform.ts'

/** u ← −η·u: descent by the step's learning rate. */
export function scaleByLearningRate(): GradientTransform {
  return {
    ignoresTensorBounds: true,
    init: () => [],
    update: (updates, state, { learningRate }) => ({
      updates: updates.map((update) => mul(neg(learningRate), update)),
      state,
    }),
  }
}

/**
 * uᵢ ← fᵢ·uᵢ for the i-th tensor: learning rates of their own, such as those of the maximal update parameterization.
 * After {@link scaleByLearningRate} or right before it, as PyTorch's parameter groups with rates fᵢ·η.
 *
 * @param factors - One a tensor, in the order of the layout.
 * @throws InputError from `init` if there is not one factor a tensor.
 * @see Yang et al., Tensor Programs V (2022), Table 8
 */
export function scaleByFactors(factors: readonly number[]): GradientTransform {
  return {
    ignoresTensorBounds: false,
    init: (parameters) => {
      if (parameters.length !== factors.length) {
        throw new InputError(
          'learningRateFactors',
          `learningRateFactors must be one for each of ${parameters.length} tensors, got ${factors.length}`,
        )
      }
      return []
    },
    update: (updates, state) => ({
      updates: updates.map((update, i) => (factors[i] === 1 ? update : mul(update, factors[i]!))),
      state,
    }),
  }
}
