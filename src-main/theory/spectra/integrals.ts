import type { SpectralLaw } from './law.ts'

/** Nodes of the quadrature; square-root edges become smooth under the substitution. */
const defaultPoints = 20_000

/**
 * ∫ f(λ) ρ(λ) dλ over the continuous part of a law, by the midpoint rule in λ = λ₋ + (λ₊ − λ₋)·sin²u.
 *
 * Under the substitution a density that behaves like (λ − edge)^±½ at its edges is smooth and periodic, so
 * that the rule converges geometrically for an analytic f; no node falls on an edge. This holds for Marchenko
 * and Pastur's law at γ = 1 too, whose density is infinite at 0. Just beside it, for 0 < |1 − √γ| ≪ 1/`points`,
 * the error is of the order of |1 − √γ|.
 */
export function integrateLaw(
  law: SpectralLaw,
  f: (lambda: number) => number,
  points = defaultPoints,
): number {
  const [low, high] = law.support
  let sum = 0
  for (let i = 0; i < points; i += 1) {
    const u = (Math.PI * (i + 0.5)) / (2 * points)
    // Not center + half·cos: near a lower edge at 0 all digits of λ count.
    const lambda = low + (high - low) * Math.sin(u) ** 2
    const density = law.density(lambda)
    if (density > 0) sum += f(lambda) * density * Math.sin(2 * u)
  }
  return (sum * Math.PI * (high - low)) / (2 * points)
}

/**
 * Kullback–Leibler divergence ∫ p log(p/q) of the continuous parts; ∞ if q is 0 where p is not.
 */
export function divergence(p: SpectralLaw, q: SpectralLaw): number {
  return integrateLaw(p, (lambda) => {
    const other = q.density(lambda)
    return other > 0 ? Math.log(p.density(lambda) / other) : Infinity
  })
}
