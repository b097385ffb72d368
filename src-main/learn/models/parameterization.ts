import type { Draw } from './draws.ts'
import { weightDeviation, type Initialization } from './initializations.ts'

/**
 * How a network depends on what is stored of it, as its width grows:
 *
 * - `standard`: the stored weights are the weights.
 * - `ntk`: W = s·w with entries of w of variance 1 at the start and s the standard deviation that the initialization
 *   gives W, so that gradient descent by one learning rate has a limit at infinite width.
 * - `mup`: the maximal update parameterization relative to a base width, m = width / baseWidth: the output layer is
 *   divided by m (and drawn √m times wider), and learning rates are scaled: of Adam by 1/m in hidden layers; of SGD by m in the
 *   input and output layer and in all vectors. At m = 1 it is `standard`.
 *
 * @see Jacot, Gabriel and Hongler, Neural tangent kernel (2018)
 * @see Yang and Hu et al., Tensor programs V (2022), table 8
 */
export type Parameterization =
  | { readonly kind: 'standard' }
  | { readonly kind: 'ntk' }
  | { readonly kind: 'mup'; readonly baseWidth: number }

/** Optimizers whose steps scale with the gradient, or not. */
export interface LearningRateFactors {
  readonly sgd: number
  readonly adam: number
}

/** What a parameterization makes of one tensor. */
export interface TensorRule {
  /** The value that the network uses is this times what is stored. */
  readonly factor: number
  /** What is drawn is multiplied by this before it is stored. */
  readonly spread: number
  readonly learningRateFactors: LearningRateFactors
}

const plain: TensorRule = { factor: 1, spread: 1, learningRateFactors: { sgd: 1, adam: 1 } }

/**
 * The rule for a tensor.
 *
 * @param width - The width that grows: of the first hidden layer, or of the residual stream.
 */
export function tensorRule(
  parameterization: Parameterization,
  initialization: Initialization,
  width: number,
  draw: Draw,
): TensorRule {
  switch (parameterization.kind) {
    case 'standard':
      return plain
    case 'ntk': {
      if (draw.kind !== 'weight') return plain
      const deviation = weightDeviation(initialization, draw.fanIn, draw.fanOut)
      return { ...plain, factor: deviation, spread: 1 / deviation }
    }
    case 'mup': {
      const m = width / parameterization.baseWidth
      const role = draw.kind === 'weight' ? draw.role : 'input'
      if (role === 'hidden') return { ...plain, learningRateFactors: { sgd: 1, adam: 1 / m } }
      const learningRateFactors = { sgd: m, adam: 1 }
      return role === 'output'
        ? { factor: 1 / m, spread: Math.sqrt(m), learningRateFactors }
        : { ...plain, learningRateFactors }
    }
  }
}
