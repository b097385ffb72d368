import { InputError } from '#base'
import type { Interval } from './law.ts'

/**
 * The R-transform of a law on the real axis: R(G(z)) + 1/G(z) = z. Transforms of free laws add.
 *
 * R(g) = κ₁ + κ₂g + κ₃g² + … in free cumulants, so the first value is the mean and the first slope the variance.
 */
export interface RTransform {
  /** R(g). */
  value(g: number): number
  /** R′(g). */
  slope(g: number): number
  /** R is finite on this interval about 0. */
  readonly domain: Interval
}

function requirePositive(name: string, value: number): void {
  if (!(value > 0)) throw new InputError(name, `${name} must be above 0, got ${value}`)
}

/**
 * R of the semicircle: c + (R²/4)·g.
 *
 * @throws InputError if `radius` is not positive.
 */
export function semicircleTransform(options: {
  readonly center: number
  readonly radius: number
}): RTransform {
  const { center, radius } = options
  requirePositive('radius', radius)
  const variance = (radius * radius) / 4
  return {
    value: (g) => center + variance * g,
    slope: () => variance,
    domain: [-Infinity, Infinity],
  }
}

/**
 * R of the Marchenko–Pastur law of XXᵀ/n: σ²/(1 − γσ²g).
 *
 * @param options.ratio - γ = p/n > 0.
 * @param options.variance - σ² > 0 of the entries.
 * @throws InputError if either is not positive.
 */
export function marchenkoPasturTransform(options: {
  readonly ratio: number
  readonly variance: number
}): RTransform {
  const { ratio, variance } = options
  requirePositive('ratio', ratio)
  requirePositive('variance', variance)
  return {
    value: (g) => variance / (1 - ratio * variance * g),
    slope: (g) => (ratio * variance * variance) / (1 - ratio * variance * g) ** 2,
    domain: [-Infinity, 1 / (ratio * variance)],
  }
}

/** R of the free sum of two laws. */
export const addTransforms = (a: RTransform, b: RTransform): RTransform => ({
  value: (g) => a.value(g) + b.value(g),
  slope: (g) => a.slope(g) + b.slope(g),
  domain: [Math.max(a.domain[0], b.domain[0]), Math.min(a.domain[1], b.domain[1])],
})
