import { add, div, mul, sub } from '#tensor/program'
import { runningMean } from './running-mean.ts'
import type { GradientTransform } from './transform.ts'

/**
 * Leaves the updates and keeps a running average of the parameters after them; the last of a chain.
 *
 * The average is corrected for its start: āₜ = Σₛ βᵗ⁻ˢ θₛ / Σₛ βᵗ⁻ˢ over the steps s = 1…t taken, as
 * ā ← ā + (1 − β)/c·(θ − ā) with c = 1 − βᵗ. A β that nears 1 gives Polyak's plain mean.
 *
 * @param options.decay - β in 0…1 (1 excluded).
 * @see Polyak and Juditsky, Acceleration of stochastic approximation by averaging (1992)
 */
export function averageWeights({ decay }: { readonly decay: number }): GradientTransform {
  return {
    ignoresTensorBounds: true,
    init: (parameters) => [
      { name: 'correction', shape: [], initial: 0 },
      ...parameters.map(({ shape }, i) => ({
        name: `average.${i}`,
        shape,
        initial: 0,
        averageOf: i,
      })),
    ],
    update: (updates, state, { parameters }) => {
      const correction = runningMean(state[0]!, 1, decay)
      const share = div(1 - decay, correction)
      const averages = state.slice(1).map((average, i) => {
        const moved = add(parameters[i]!, updates[i]!)
        return add(average, mul(share, sub(moved, average)))
      })
      return { updates, state: [correction, ...averages] }
    },
  }
}
