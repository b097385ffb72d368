import { ShapeError } from '#base'
import type { Quadrature } from '#shared/statistics'
import type { ChebyshevMoments } from './chebyshev-moments.ts'
import { centerOf, chebyshevValues, halfWidthOf } from './chebyshev-recurrence.ts'
import { jacksonFactors } from './kernel-polynomial.ts'

/** How far a Lanczos quadrature is from the Chebyshev moments of the same probes. */
export interface KernelPolynomialComparison {
  /** Highest degree compared: twice the fewer steps of both, less 1. */
  readonly degree: number
  /** max |Σ τ·Tₖ(θ̃) − μₖ| over probes and degrees 1…`degree`. */
  readonly largestDifference: number
  /** What rounding allows of it. */
  readonly allowed: number
  /** Whether the difference is within what is allowed. */
  readonly agrees: boolean
  /** Wasserstein-1 distance of the two Jackson-damped laws of that degree, in units of λ. */
  readonly distance: number
}

/** Rounding of a moment in units of (degree + 1)·ε: 1.2 at most measured in float64, 0.06 in float32, a network's Hessian included. */
const roundingUnits = 8

/** Points of the integral of |F − G|, for each degree. */
const pointsPerDegree = 8

/**
 * Compares Lanczos quadratures with Chebyshev moments of the same probes: with m steps both know vᵀf(A)v exactly for
 * polynomials f of degree ≤ 2m − 1, so they must agree to rounding.
 *
 * They have only the products in common: moments need neither a basis nor a small eigenproblem, so wrong weights or nodes show
 * here. A loss of orthogonality does not, as it hardly changes a quadrature's moments; the density reports it itself.
 *
 * Cost: O(degree·nodes), no products.
 *
 * @param quadrature - Of `estimateDensity`, with the same stream, number of probes and outliers as the moments.
 * @throws ShapeError if the numbers of probes differ.
 */
export function compareWithKernelPolynomials(
  quadrature: Quadrature,
  reference: ChebyshevMoments,
): KernelPolynomialComparison {
  const { nodes, weights } = quadrature
  const { moments, interval, epsilon } = reference
  if (nodes.length !== moments.length) {
    throw new ShapeError('quadrature.nodes', `[${moments.length}, steps]`, [nodes.length])
  }
  // A row shorter than the others closed early and is exact for every degree.
  const steps = quadrature.steps ?? nodes.reduce((most, row) => Math.max(most, row.length), 0)
  const degree = 2 * Math.min(steps, reference.steps) - 1
  const [center, halfWidth] = [centerOf(interval), halfWidthOf(interval)]
  const differences = new Float64Array(degree + 1)
  let largestDifference = 0
  nodes.forEach((row, probe) => {
    const sums = new Float64Array(degree + 1)
    row.forEach((node, i) => {
      const values = chebyshevValues((node - center) / halfWidth, degree)
      for (let k = 0; k <= degree; k += 1) sums[k]! += weights[probe]![i]! * values[k]!
    })
    for (let k = 0; k <= degree; k += 1) {
      const difference = sums[k]! - moments[probe]![k]!
      differences[k]! += difference / nodes.length
      // Not Math.max: NaN must not pass for agreement.
      if (!(Math.abs(difference) <= largestDifference)) largestDifference = Math.abs(difference)
    }
  })
  const spread = Math.max(Math.abs(interval.low), Math.abs(interval.high)) / halfWidth
  const allowed = roundingUnits * (degree + 1) * epsilon * Math.max(1, spread)
  return {
    degree,
    largestDifference,
    allowed,
    agrees: largestDifference <= allowed,
    distance: halfWidth * dampedDistance(differences),
  }
}

/** ∫ |F(x) − G(x)| dx over [−1, 1] of two damped laws, from the differences of their moments. */
function dampedDistance(differences: Float64Array): number {
  const degree = differences.length - 1
  const factors = jacksonFactors(degree)
  const points = pointsPerDegree * (degree + 1)
  let distance = 0
  for (let i = 0; i < points; i += 1) {
    const angle = (Math.PI * (i + 0.5)) / points
    let sum = differences[0]! * (Math.PI - angle)
    for (let k = 1; k <= degree; k += 1) {
      sum -= (2 * factors[k]! * differences[k]! * Math.sin(k * angle)) / k
    }
    distance += (Math.abs(sum / Math.PI) * Math.sin(angle) * Math.PI) / points
  }
  return distance
}
