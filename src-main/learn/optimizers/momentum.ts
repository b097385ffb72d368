import { add, mul } from '#tensor/program'
import type { GradientTransform } from './transform.ts'

/**
 * Heavy-ball momentum: m ← β·m + u, u ← m; with `nesterov` u ← u + β·m. As in PyTorch, the gradient is
 * not damped by 1 − β.
 *
 * @param options.decay - β in 0…1 (1 excluded).
 * @see Sutskever et al., On the importance of initialization and momentum (2013)
 */
export function traceMomentum(options: {
  readonly decay: number
  readonly nesterov: boolean
}): GradientTransform {
  const { decay, nesterov } = options
  return {
    ignoresTensorBounds: true,
    init: (parameters) =>
      parameters.map(({ shape }, i) => ({ name: `momentum.${i}`, shape, initial: 0 })),
    update: (updates, state) => {
      const momentum = state.map((trace, i) => add(mul(trace, decay), updates[i]!))
      return {
        updates: nesterov
          ? momentum.map((trace, i) => add(updates[i]!, mul(trace, decay)))
          : momentum,
        state: momentum,
      }
    },
  }
}
