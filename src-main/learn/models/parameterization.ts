import type { Draw } from './draws.ts'
import { weightDeviation, type Initialization } from './initializations.ts'

/**
 * How a network depends on what is stored of it, as its width grows:
 *
 * - `standard`: the stored weights are the weights.
 * - `ntk`: W = s·w with entries of w of variance 1 at the start and s the standard deviation that the initialization
 *   gives W, so that gradient descent by one learning rate has a limit at infinite width. Biases and
 *   normalizations are stored as they are.
 * - `mup`: the maximal update parameterization relative to a base width, m = width / baseWidth. The output layer is
 *   divided by m; input and output layers and all biases are stored as they are drawn at the base width; scores of
 *   attention are divided by √m more; and learning rates are scaled: of Adam by 1/m in hidden layers, of SGD by m for
 *   all that has as many outputs as the network is wide or stands at the output (but not for the biases there). At
 *   m = 1 it is `standard`.
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

/** By how much a network is wider than the base of its parameterization: m for `mup`, else 1. */
export const growthOf = (parameterization: Parameterization, width: number): number =>
  parameterization.kind === 'mup' ? width / parameterization.baseWidth : 1

function ntkRule(initialization: Initialization, draw: Draw): TensorRule {
  if (draw.kind === 'bias' || draw.kind === 'constant') return plain
  const deviation =
    draw.kind === 'normal'
      ? draw.deviation
      : weightDeviation(initialization, draw.fanIn, draw.fanOut, draw.area)
  return { ...plain, factor: deviation, spread: 1 / deviation }
}

/** Table 8; embeddings, positions and normalizations are vectors there, which are treated as input layers. */
function mupRule(m: number, initialization: Initialization, draw: Draw): TensorRule {
  const scaled = { sgd: m, adam: 1 }
  if (draw.kind === 'bias') {
    // Only this law draws biases, narrower as the fan-in grows.
    const isNarrowed = initialization === 'pytorch' && draw.role !== 'input'
    const spread = isNarrowed ? Math.sqrt(m) : 1
    // The output's biases have as many entries at any width, and gradients of one size.
    const learningRateFactors = draw.role === 'output' ? plain.learningRateFactors : scaled
    return { ...plain, spread, learningRateFactors }
  }
  if (draw.kind !== 'weight') return { ...plain, learningRateFactors: scaled }
  const { role, fanIn, fanOut, area } = draw
  const drawn = weightDeviation(initialization, fanIn, fanOut, area)
  switch (role) {
    case 'hidden':
      return { ...plain, learningRateFactors: { sgd: 1, adam: 1 / m } }
    case 'input': {
      const spread = weightDeviation(initialization, fanIn, fanOut / m, area) / drawn
      return { factor: 1, spread, learningRateFactors: scaled }
    }
    case 'output': {
      const spread = weightDeviation(initialization, fanIn / m, fanOut, area) / drawn
      return { factor: 1 / m, spread, learningRateFactors: scaled }
    }
  }
}

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
    case 'ntk':
      return ntkRule(initialization, draw)
    case 'mup':
      return mupRule(growthOf(parameterization, width), initialization, draw)
  }
}
