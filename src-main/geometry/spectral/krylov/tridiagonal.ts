import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

export { implicitQl, quadratureTridiagonal } from '#shared/statistics'

/** Eigenvalues ascending, with eigenvectors as rows. */
export interface SymmetricEigen {
  readonly values: Float64Array
  /** `[k, k]`: row i is the eigenvector of `values[i]`. */
  readonly vectors: readonly Float64Array[]
}

/**
 * Eigendecomposition of a small dense symmetric matrix in float64, ascending.
 *
 * Cost: O(k³).
 *
 * @param rows - `[k, k]`; symmetry is trusted.
 */
export function eigenSymmetric(rows: readonly ArrayLike<number>[]): SymmetricEigen {
  const size = rows.length
  const matrix = new Matrix(rows.map((row) => Array.from(row)))
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  })
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((a, b) => realEigenvalues[a]! - realEigenvalues[b]!)
  return {
    values: Float64Array.from(order, (i) => realEigenvalues[i]!),
    vectors: order.map((column) =>
      Float64Array.from({ length: size }, (_, row) => eigenvectorMatrix.get(row, column)),
    ),
  }
}

/**
 * Eigendecomposition of a symmetric tridiagonal matrix in float64.
 *
 * @param diagonal - `[k]`.
 * @param offDiagonal - `[k − 1]` or longer.
 */
export function eigenTridiagonal(
  diagonal: readonly number[],
  offDiagonal: readonly number[],
): SymmetricEigen {
  const size = diagonal.length
  return eigenSymmetric(
    diagonal.map((value, i) => {
      const row = new Float64Array(size)
      row[i] = value
      if (i > 0) row[i - 1] = offDiagonal[i - 1]!
      if (i + 1 < size) row[i + 1] = offDiagonal[i]!
      return row
    }),
  )
}
