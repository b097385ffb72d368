import { blockRows } from './block-rows.ts'
import type { Vector, VectorSpace } from './vector-space.ts'

/** ‖v‖, scaled by the largest entry so that no square leaves the range. */
function euclideanNorm(v: Vector): number {
  let largest = 0
  for (const x of v) largest = Math.max(largest, Math.abs(x))
  if (largest === 0 || !Number.isFinite(largest)) return largest
  let sum = 0
  for (const x of v) sum += (x / largest) ** 2
  return largest * Math.sqrt(sum)
}

/** Vector algebra on R^n in plain float64: for small n, and the oracle of the native filling. */
export function float64Space(size: number): VectorSpace {
  const combine = (
    target: Vector,
    targetRows: number,
    coefficients: Float64Array,
    basis: Vector,
    basisRows: number,
  ): void => {
    for (let row = 0; row < targetRows; row += 1) {
      for (let k = 0; k < basisRows; k += 1) {
        const c = coefficients[row * basisRows + k]!
        for (let i = 0; i < size; i += 1) target[row * size + i]! += c * basis[k * size + i]!
      }
    }
  }
  const space: VectorSpace = {
    size,
    epsilon: Number.EPSILON,
    allocate: (rows) => new Float64Array(rows * size),
    innerProducts: (a, aRows, b, bRows) => {
      const result = new Float64Array(aRows * bRows)
      for (let row = 0; row < aRows; row += 1) {
        for (let column = 0; column < bRows; column += 1) {
          let sum = 0
          for (let i = 0; i < size; i += 1) sum += a[row * size + i]! * b[column * size + i]!
          result[row * bRows + column] = sum
        }
      }
      return Promise.resolve(result)
    },
    addCombination: (target, targetRows, coefficients, basis, basisRows) => {
      combine(target, targetRows, coefficients, basis, basisRows)
      return Promise.resolve()
    },
    setCombination: (target, targetRows, coefficients, basis, basisRows) => {
      target.fill(0, 0, targetRows * size)
      combine(target, targetRows, coefficients, basis, basisRows)
      return Promise.resolve()
    },
    norm: (v) => Promise.resolve(euclideanNorm(v)),
    createRows: (capacity) => Promise.resolve(blockRows(space, capacity)),
  }
  return space
}
