import { estimateCurvature } from './intrinsic-dimension-curvature.ts'
import {
  centerPoints,
  dropDuplicates,
  innerProducts,
  nearestNeighbors,
  type Neighbors,
  type Points,
} from './intrinsic-dimension-neighbors.ts'

/** How many dimensions points fill, by TwoNN. */
export interface TwoNnEstimate {
  /** (N − 1)/Σ ln μ, without bias. */
  readonly value: number
  /** Bounds of the 95% interval. */
  readonly lower: number
  readonly upper: number
}

/** Three answers to how many dimensions points fill, which differ for good reasons, and how curved they lie. */
export interface IntrinsicDimension {
  /** Null for points of a lattice, whose neighbors are equally far, as the next. */
  readonly twoNearestNeighbours: TwoNnEstimate | null
  /** Levina and Bickel's, from 10 to 20 neighbors. */
  readonly levinaBickel: number | null
  /** (Σλ)²/Σλ² of the covariance's eigenvalues: counts directions, however curved the points lie. */
  readonly participationRatio: number
  /** Median curvature of the manifold they lie on, in 1/length; null if too few points surround each. */
  readonly curvature: number | null
  /** Points it was measured on: those that differ. */
  readonly samples: number
}

/** 97.5% point of the standard normal law. */
const normalQuantile = 1.959963984540054

/** Quantile of χ² by Wilson and Hilferty's cube; relative error below 10⁻⁴ from 60 degrees on. */
function chiSquareQuantile(degrees: number, normal: number): number {
  const share = 2 / (9 * degrees)
  return degrees * (1 - share + normal * Math.sqrt(share)) ** 3
}

/**
 * The dimension from the ratios μ = r₂/r₁ of the distances to the second and first neighbor, which
 * follow the Pareto law of exponent d wherever the density is flat over two neighbors:
 * d̂ = (N − 1)/Σ ln μ, and χ²_2N quantiles over 2Σ ln μ as its interval.
 *
 * Underestimates above d ≈ 10 or so, as points become too few.
 *
 * @param ratios - Each at least 1.
 * @returns Null if all are 1 (points of a lattice).
 *
 * @see Facco, d’Errico, Rodriguez and Laio, Estimating the intrinsic dimension of datasets by a
 *   minimal neighborhood information (2017)
 */
export function estimateTwoNn(ratios: Float64Array): TwoNnEstimate | null {
  const count = ratios.length
  let sum = 0
  for (const ratio of ratios) sum += Math.log(ratio)
  if (!(sum > 0)) return null
  const bound = (normal: number) => chiSquareQuantile(2 * count, normal) / (2 * sum)
  return {
    value: (count - 1) / sum,
    lower: bound(-normalQuantile),
    upper: bound(normalQuantile),
  }
}

const leastNeighbors = 10
const mostNeighbors = 20

/**
 * The dimension by maximum likelihood from the distances Tⱼ to the neighbors:
 * 1/d̂ = mean over points and k = 10…20 of Σ_{j<k} ln(T_k/Tⱼ)/(k − 1). Inverses are averaged.
 *
 * @returns Null if all distances of each point are equal.
 *
 * @see Levina and Bickel, Maximum likelihood estimation of intrinsic dimension (NIPS 2004)
 * @see MacKay and Ghahramani, Comments on it (2005), on averaging inverses
 */
function estimateLevinaBickel({ perPoint, distances }: Neighbors): number | null {
  const count = distances.length / perPoint
  let total = 0
  for (let i = 0; i < count; i += 1) {
    let logs = 0
    for (let k = 1; k <= mostNeighbors; k += 1) {
      const log = Math.log(distances[i * perPoint + k - 1]!)
      if (k >= leastNeighbors) total += log - logs / (k - 1)
      logs += log
    }
  }
  const inverse = total / (count * (mostNeighbors - leastNeighbors + 1))
  return inverse > 0 ? 1 / inverse : null
}

/** (tr C)²/‖C‖² from the inner products of centered points, whose matrix has the eigenvalues of C. */
function ratioOfParticipation(gram: Float64Array, count: number): number {
  let trace = 0
  let squares = 0
  for (let i = 0; i < count; i += 1) trace += gram[i * count + i]!
  for (const value of gram) squares += value * value
  return (trace * trace) / squares
}

/**
 * Measures the dimension of points by TwoNN, by Levina–Bickel and by the participation ratio of their
 * covariance, and the curvature of what they lie on; duplicates dropped.
 *
 * Cost: n²·w/2 multiplications and n² numbers for n points of w coordinates.
 *
 * @returns Null for fewer than 30 distinct points.
 */
export function estimateIntrinsicDimension(points: Points): IntrinsicDimension | null {
  const distinct = dropDuplicates(points)
  const { count } = distinct
  if (count < 30) return null
  const gram = innerProducts(centerPoints(distinct))
  const neighbors = nearestNeighbors(distinct, gram, mostNeighbors)
  const { distances } = neighbors
  const ratios = Float64Array.from(
    { length: count },
    (_, i) => distances[i * mostNeighbors + 1]! / distances[i * mostNeighbors]!,
  )
  const twoNn = estimateTwoNn(ratios)
  return {
    twoNearestNeighbours: twoNn,
    levinaBickel: estimateLevinaBickel(neighbors),
    participationRatio: ratioOfParticipation(gram, count),
    curvature: twoNn && estimateCurvature(gram, count, neighbors, twoNn.value),
    samples: count,
  }
}
