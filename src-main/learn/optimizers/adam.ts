import { add, div, mul, sqrt } from '#tensor/program'
import { runningMean } from './running-mean.ts'
import type { GradientTransform } from './transform.ts'

/**
 * Adam's preconditioning: with m and v running means of u and u²,
 * u ← (m/c₁) / (√(v/c₂) + ε).
 *
 * The bias corrections c = 1 − βᵗ are kept as running means of 1: in float32 they are right
 * to rounding at the first steps, where 1 − βᵗ by powers is not, and within 3·10⁻⁵ (β = 0.999) later on.
 *
 * @see Kingma and Ba, Adam (2015), Algorithm 1
 */
export function scaleByAdam(options: {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}): GradientTransform {
  const { beta1, beta2, epsilon } = options
  return {
    ignoresTensorBounds: true,
    init: (parameters) => [
      { name: 'correction1', shape: [], initial: 0 },
      { name: 'correction2', shape: [], initial: 0 },
      ...parameters.map(({ shape }, i) => ({ name: `mean.${i}`, shape, initial: 0 })),
      ...parameters.map(({ shape }, i) => ({ name: `square.${i}`, shape, initial: 0 })),
    ],
    update: (updates, state) => {
      const count = updates.length
      const correction1 = runningMean(state[0]!, 1, beta1)
      const correction2 = runningMean(state[1]!, 1, beta2)
      const means = updates.map((u, i) => runningMean(state[2 + i]!, u, beta1))
      const squares = updates.map((u, i) => runningMean(state[2 + count + i]!, mul(u, u), beta2))
      return {
        updates: means.map((mean, i) =>
          div(div(mean, correction1), add(sqrt(div(squares[i]!, correction2)), epsilon)),
        ),
        state: [correction1, correction2, ...means, ...squares],
      }
    },
  }
}
