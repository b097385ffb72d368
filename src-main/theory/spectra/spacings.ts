import { InputError } from '#base'

/** A reference of local statistics. */
export interface SpacingReference {
  /** Mean of min(sᵢ, sᵢ₊₁)/max(sᵢ, sᵢ₊₁) over neighboring gaps. */
  readonly mean: number
  /** Standard deviation of one ratio. */
  readonly deviation: number
  /** Variance of the mean of n ratios over that of n independent ones, 1 + 2·their correlation: neighbors share a gap. */
  readonly inflation: number
}

/**
 * Eigenvalues of large real symmetric random matrices, which repel each other, and independent ones, which do not.
 *
 * The Poisson mean is 2·ln 2 − 1. The mean of the orthogonal ensemble is that of large matrices; the 3 × 3
 * surmise has 4 − 2√3 ≈ 0.5359, and its deviation serves here. The inflation of independent ones is exact, that of the orthogonal
 * ensemble measured.
 *
 * @see Atas, Bogomolny, Giraud and Roux, Distribution of the ratio of consecutive level spacings (2013); theory
 *   notes, A9
 */
export const spacingReferences = {
  orthogonal: { mean: 0.5307, deviation: 0.2536439082, inflation: 1.5 },
  poisson: { mean: 2 * Math.LN2 - 1, deviation: 0.2796210728, inflation: 1.3084141553 },
} as const satisfies Record<string, SpacingReference>

/** A mean over the gaps between neighboring eigenvalues. */
export interface MeanSpacingRatio {
  /** Mean ratio of neighboring gaps, in 0…1. */
  readonly mean: number
  /** Ratios taken: eigenvalues − 2. */
  readonly count: number
}

/**
 * Mean ratio r̃ᵢ = min(sᵢ, sᵢ₊₁)/max(sᵢ, sᵢ₊₁) of neighboring gaps sᵢ = λᵢ₊₁ − λᵢ; no unfolding is needed.
 *
 * The values must be all eigenvalues of a window of one symmetry class: without outliers and exact zeros, and
 * never the nodes of a quadrature, which repel each other by construction. Two gaps of 0 count as a ratio of 0.
 *
 * @param eigenvalues - Three or more, in any order.
 * @throws InputError if there are fewer, or one is not finite.
 */
export function meanSpacingRatio(eigenvalues: ArrayLike<number>): MeanSpacingRatio {
  const values = Float64Array.from(eigenvalues).sort()
  if (values.length < 3) {
    throw new InputError(
      'eigenvalues',
      `a ratio of gaps needs 3 eigenvalues or more, got ${values.length}`,
    )
  }
  if (!values.every(Number.isFinite)) {
    throw new InputError('eigenvalues', 'eigenvalues must be finite')
  }
  const count = values.length - 2
  let sum = 0
  for (let i = 0; i < count; i += 1) {
    const [left, right] = [values[i + 1]! - values[i]!, values[i + 2]! - values[i + 1]!]
    const larger = Math.max(left, right)
    if (larger > 0) sum += Math.min(left, right) / larger
  }
  return { mean: sum / count, count }
}

/**
 * Standard errors by which a mean ratio differs from a reference: (r̄ − r̄₀)/(sd·√(inflation/n)).
 *
 * Normal for many ratios; the correlation of neighbors is accounted for.
 */
export const spacingScore = (ratio: MeanSpacingRatio, reference: SpacingReference): number =>
  (ratio.mean - reference.mean) /
  (reference.deviation * Math.sqrt(reference.inflation / ratio.count))
