import { ShapeError } from '#base'
import { float64Space } from './float64-space.ts'
import type { LinearOperator } from './operator.ts'

/**
 * A symmetric matrix as an operator, in float64.
 *
 * @param matrix - `[n, n]`, row-major; symmetry is trusted.
 * @param preferredRows - What {@link LinearOperator.preferredRows} says.
 * @throws ShapeError if the number of entries is not a square.
 */
export function denseOperator(matrix: Float64Array, preferredRows = 4): LinearOperator {
  const size = Math.round(Math.sqrt(matrix.length))
  if (size * size !== matrix.length) throw new ShapeError('matrix', '[n, n]', [matrix.length])
  return {
    size,
    space: float64Space(size),
    preferredRows,
    apply: (input, rows, output) => {
      for (let row = 0; row < rows; row += 1) {
        for (let i = 0; i < size; i += 1) {
          let sum = 0
          for (let j = 0; j < size; j += 1) sum += matrix[i * size + j]! * input[row * size + j]!
          output[row * size + i] = sum
        }
      }
      return Promise.resolve()
    },
  }
}

/** The operator with a count of the vectors it was applied to. */
export function countingOperator(
  operator: LinearOperator,
): LinearOperator & { readonly products: number } {
  let products = 0
  return {
    size: operator.size,
    space: operator.space,
    preferredRows: operator.preferredRows,
    get products() {
      return products
    },
    apply: (input, rows, output) => {
      products += rows
      return operator.apply(input, rows, output)
    },
  }
}
