import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Neighbors } from './intrinsic-dimension-neighbors.ts'

/** Points whose surroundings are looked at. */
const mostPoints = 300

/**
 * Curvature of a curve that leaves its tangent by `normal` where it has gone `tangent` along it:
 * 2·normal/tangent², which is exact on a parabola; on a circle of radius R seen under an angle φ it is
 * 2/(R(1 + cos φ)).
 */
export const curvatureOfChord = (tangent: number, normal: number): number =>
  (2 * normal) / tangent ** 2

/** Inner products of points around their mean: each row and column of the result sums to 0. */
function centeredProducts(gram: Float64Array, count: number, members: Uint32Array): Matrix {
  const size = members.length
  const products = new Matrix(size, size)
  const means = new Float64Array(size)
  let mean = 0
  for (let a = 0; a < size; a += 1) {
    for (let b = 0; b < size; b += 1) {
      const product = gram[members[a]! * count + members[b]!]!
      products.set(a, b, product)
      means[a]! += product / size
      mean += product / (size * size)
    }
  }
  for (let a = 0; a < size; a += 1) {
    for (let b = 0; b < size; b += 1) {
      products.set(a, b, products.get(a, b) - means[a]! - means[b]! + mean)
    }
  }
  return products
}

/** Curvatures of the chords from a point to its neighbors, with the top local components as tangent. */
function chordCurvatures(
  gram: Float64Array,
  count: number,
  members: Uint32Array,
  dimension: number,
): number[] {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    centeredProducts(gram, count, members),
    { assumeSymmetric: true },
  )
  const order = realEigenvalues.map((_, i) => i)
  order.sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!)
  const result: number[] = []
  const [center] = members
  for (let a = 1; a < members.length; a += 1) {
    const other = members[a]!
    const square =
      gram[other * count + other]! -
      2 * gram[other * count + center!]! +
      gram[center! * count + center!]!
    let along = 0
    for (const i of order.slice(0, dimension)) {
      const step = eigenvectorMatrix.get(a, i) - eigenvectorMatrix.get(0, i)
      along += Math.max(0, realEigenvalues[i]!) * step * step
    }
    if (along > 0) {
      result.push(curvatureOfChord(Math.sqrt(along), Math.sqrt(Math.max(0, square - along))))
    }
  }
  return result
}

/**
 * How fast points leave their tangent space, in 1/length: the median of 2‖P⊥Δ‖/‖P_TΔ‖² over chords Δ
 * to neighbors, where P_T keeps the first components of the neighborhood. On a sphere it is near 1/R;
 * noise across the tangent space adds to it.
 *
 * @param gram - Inner products of the points, by which all lengths are known.
 * @param dimension - Of the tangent space, rounded.
 * @returns Null if neighborhoods have hardly more points than that.
 */
export function estimateCurvature(
  gram: Float64Array,
  count: number,
  { perPoint, indices }: Neighbors,
  dimension: number,
): number | null {
  const tangents = Math.max(1, Math.round(dimension))
  if (2 * tangents > perPoint) return null
  const curvatures: number[] = []
  const stride = Math.max(1, Math.floor(count / mostPoints))
  for (let i = 0; i < count; i += stride) {
    const members = Uint32Array.of(i, ...indices.subarray(i * perPoint, (i + 1) * perPoint))
    for (const curvature of chordCurvatures(gram, count, members, tangents)) {
      curvatures.push(curvature)
    }
  }
  if (curvatures.length === 0) return null
  curvatures.sort((a, b) => a - b)
  return curvatures[curvatures.length >> 1]!
}
