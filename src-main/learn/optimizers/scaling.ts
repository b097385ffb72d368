import { add, div, mul, neg, sqrt, type Tracer } from '#tensor/program'
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

/** x ← β·x + (1 − β)·y */
const average = (x: Tracer, y: Tracer, decay: number): Tracer =>
  add(mul(x, decay), mul(y, 1 - decay))

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
      const correction1 = add(mul(state[0]!, beta1), 1 - beta1)
      const correction2 = add(mul(state[1]!, beta2), 1 - beta2)
      const means = updates.map((u, i) => average(state[2 + i]!, u, beta1))
      const squares = updates.map((u, i) => average(state[2 + count + i]!, mul(u, u), beta2))
      return {
        updates: means.map((mean, i) =>
          div(div(mean, correction1), add(sqrt(div(squares[i]!, correction2)), epsilon)),
        ),
        state: [correction1, correction2, ...means, ...squares],
      }
    },
  }
}
