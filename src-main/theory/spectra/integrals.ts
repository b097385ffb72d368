import type { SpectralLaw } from './law.ts'

/** Nodes of the quadrature; square-root edges become smooth under the substitution. */
const defaultPoints = 20_000

/**
 * ∫ f(λ) ρ(λ) dλ over the continuous part of a law, by the trapezoid rule in λ = c + h·sin t, under which
 * square-root edges are smooth.
 */
export function integrateLaw(
  law: SpectralLaw,
  f: (lambda: number) => number,
  points = defaultPoints,
): number {
  const [low, high] = law.support
  const center = (low + high) / 2
  const half = (high - low) / 2
  let sum = 0
  for (let i = 1; i < points; i += 1) {
    const t = Math.PI * (i / points - 0.5)
    const lambda = center + half * Math.sin(t)
    const density = law.density(lambda)
    if (density > 0) sum += f(lambda) * density * half * Math.cos(t)
  }
  return (sum * Math.PI) / points
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
