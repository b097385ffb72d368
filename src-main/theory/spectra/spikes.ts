import { InputError } from '#base'
import type { RTransform } from './r-transform.ts'

/** What a spike of finite rank shows in the limit of large matrices. */
export interface SpikeOutcome {
  /** Whether an eigenvalue leaves the bulk. */
  readonly isOutlier: boolean
  /** The strength that must be passed, away from the bulk. */
  readonly threshold: number
  /** Limit of the eigenvalue: outside the bulk, or else the bulk's edge. */
  readonly location: number
  /** Limit of the squared cosine between eigenvector and spike; 0 if the spike is no outlier. */
  readonly squaredOverlap: number
}

/** Halvings of an interval after which no digit is left open. */
const halvings = 200
/** A bulk whose z has not turned by here, in units of 1 over its deviation, has no edge of its own on that side. */
const farthest = 2 ** 40

/** The g on one side of 0 at which z(g) = R(g) + 1/g turns, an edge of the bulk; ±∞ if it does not. */
function edgeArgument(transform: RTransform, side: 1 | -1): number {
  // z′ = R′ − 1/g². From 0 outwards R′·g² grows; beyond the turn z comes back.
  const hasTurned = (g: number): boolean => transform.slope(g) * g * g >= 1
  let far = transform.domain[side === 1 ? 1 : 0]
  if (!Number.isFinite(far)) {
    const unit = 1 / Math.sqrt(transform.slope(0))
    far = side * unit
    while (!hasTurned(far)) {
      if (Math.abs(far) >= farthest * unit) return side * Infinity
      far *= 2
    }
  }
  let near = 0
  for (let i = 0; i < halvings; i += 1) {
    const middle = (near + far) / 2
    if (hasTurned(middle)) far = middle
    else near = middle
  }
  return near
}

/**
 * An outlier made by adding θ·uuᵀ, u a fixed or free unit vector, to a bulk with R-transform R.
 *
 * An eigenvalue leaves the bulk iff |θ| > 1/|G±|, with G± the Cauchy transform at the edge on θ's side; it lies
 * at θ + R(1/θ), and its eigenvector has the squared overlap 1 − R′(1/θ)/θ² = −1/(θ²G′) with u. For a
 * semicircle of variance σ²: θ + σ²/θ and 1 − σ²/θ² for θ > σ.
 *
 * Closed form but for one root by bisection, which takes R′(g)·g² to grow with |g|: true of the transforms
 * here and of their sums.
 *
 * @param strength - θ, positive or negative.
 * @throws InputError if `strength` is 0 or not finite.
 * @see Benaych-Georges and Nadakuditi, The eigenvalues and eigenvectors of finite, low rank perturbations of large
 *   random matrices (2011); theory notes, A2
 */
export function additiveSpike(bulk: RTransform, strength: number): SpikeOutcome {
  if (strength === 0 || !Number.isFinite(strength)) {
    throw new InputError(
      'strength',
      `strength must be a finite number other than 0, got ${strength}`,
    )
  }
  const edge = edgeArgument(bulk, strength > 0 ? 1 : -1)
  const threshold = 1 / edge
  const isOutlier = Math.abs(strength) > Math.abs(threshold)
  const g = isOutlier ? 1 / strength : edge
  return {
    isOutlier,
    threshold,
    location: bulk.value(g) + 1 / g,
    squaredOverlap: isOutlier ? 1 - bulk.slope(g) * g * g : 0,
  }
}

/**
 * An outlier of a sample covariance XᵀX/n whose population covariance is σ²·I but for one eigenvalue σ²ℓ.
 *
 * For ℓ > 1 + √γ it lies at σ²ℓ(1 + γ/(ℓ − 1)), above the bulk's edge σ²(1 + √γ)², and its eigenvector has the
 * squared overlap (1 − γ/(ℓ − 1)²)/(1 + γ/(ℓ − 1)) with the population's. The threshold is in ℓ and is not the
 * edge: 1 + √γ < (1 + √γ)². For γ < 1 an ℓ < 1 − √γ shows below the bulk by the same formulas.
 *
 * @param options.ratio - γ > 0, dimensions per sample.
 * @param options.variance - σ² > 0.
 * @param options.strength - ℓ ≥ 0, in units of σ²; 1 is no spike.
 * @throws InputError naming what is out of range.
 * @see Baik, Ben Arous and Péché (2005); Paul, Asymptotics of sample eigenstructure (2007)
 */
export function multiplicativeSpike(options: {
  readonly ratio: number
  readonly variance: number
  readonly strength: number
}): SpikeOutcome {
  const { ratio, variance, strength } = options
  for (const [name, value] of Object.entries({ ratio, variance })) {
    if (!(value > 0)) throw new InputError(name, `${name} must be above 0, got ${value}`)
  }
  if (!(strength >= 0 && strength < Infinity)) {
    throw new InputError('strength', `strength must be finite and not negative, got ${strength}`)
  }
  const root = strength >= 1 ? Math.sqrt(ratio) : -Math.sqrt(ratio)
  const threshold = 1 + root
  // Below the bulk there is room only for γ < 1.
  const isOutlier = strength >= 1 ? strength > threshold : strength < threshold
  const excess = ratio / (strength - 1)
  return {
    isOutlier,
    threshold,
    location: variance * (isOutlier ? strength * (1 + excess) : threshold ** 2),
    squaredOverlap: isOutlier ? (1 - excess / (strength - 1)) / (1 + excess) : 0,
  }
}
