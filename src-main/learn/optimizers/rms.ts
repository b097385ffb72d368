import { add, div, maximum, mul, sqrt, sub } from '#tensor/program'
import { runningMean } from './running-mean.ts'
import type { GradientTransform } from './transform.ts'

/**
 * RMSprop's preconditioning: with v a running mean of u², u ← u / (√v + ε); `centered` takes the variance v − ū² in
 * the place of v, with ū a running mean of u. As in PyTorch neither is corrected for its start at 0.
 *
 * @param options.decay - Of the running means, in 0…1 (1 excluded).
 * @see Tieleman and Hinton, Lecture 6.5 (2012); Graves, Generating sequences with recurrent neural networks (2013),
 *   section 4.2, for the centered form
 */
export function scaleByRms(options: {
  readonly decay: number
  readonly epsilon: number
  readonly centered: boolean
}): GradientTransform {
  const { decay, epsilon, centered } = options
  return {
    ignoresTensorBounds: true,
    init: (parameters) => [
      ...parameters.map(({ shape }, i) => ({ name: `square.${i}`, shape, initial: 0 })),
      ...(centered ? parameters : []).map(({ shape }, i) => ({
        name: `mean.${i}`,
        shape,
        initial: 0,
      })),
    ],
    update: (updates, state) => {
      const squares = updates.map((u, i) => runningMean(state[i]!, mul(u, u), decay))
      const means = centered
        ? updates.map((u, i) => runningMean(state[updates.length + i]!, u, decay))
        : []
      return {
        updates: updates.map((u, i) => {
          const mean = means[i]
          // Rounding can take a variance below 0, where the root is not a number.
          const variance =
            mean === undefined ? squares[i]! : maximum(sub(squares[i]!, mul(mean, mean)), 0)
          return div(u, add(sqrt(variance), epsilon))
        }),
        state: [...squares, ...means],
      }
    },
  }
}
