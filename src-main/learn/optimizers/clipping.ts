import { add, constantLike, div, maximum, minimum, mul, reduceSum, sqrt } from '#tensor/program'
import type { GradientTransform } from './transform.ts'

/**
 * u ← u·min(1, c / (‖u‖ + 10⁻⁶)), the norm over all entries of all tensors; as PyTorch's `clip_grad_norm_`.
 *
 * @param options.norm - c, above 0.
 * @see Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013), Algorithm 1
 */
export function clipByGlobalNorm({ norm }: { readonly norm: number }): GradientTransform {
  return {
    ignoresTensorBounds: true,
    init: () => [],
    update: (updates, state) => {
      const total = sqrt(updates.map((u) => reduceSum(mul(u, u))).reduce((a, b) => add(a, b)))
      const factor = minimum(div(constantLike(total, norm), add(total, 1e-6)), 1)
      return { updates: updates.map((u) => mul(u, factor)), state }
    },
  }
}

/**
 * u ← max(−c, min(c, u)), entry by entry.
 *
 * @param options.limit - c, above 0.
 */
export function clipByValue({ limit }: { readonly limit: number }): GradientTransform {
  return {
    ignoresTensorBounds: true,
    init: () => [],
    update: (updates, state) => ({
      updates: updates.map((u) => maximum(minimum(u, limit), -limit)),
      state,
    }),
  }
}
