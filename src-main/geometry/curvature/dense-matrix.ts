import { InputError, NonFiniteError, throwIfStopped } from '#base'
import type { LinearOperator } from '#geometry/operators'

/** A symmetric operator written out. */
export interface DenseMatrix {
  /** n. */
  readonly size: number
  /** `[n, n]`, symmetric to the bit. */
  readonly matrix: Float64Array
  /** Largest |Aᵢⱼ − Aⱼᵢ| before it was made symmetric, as a share of the largest |Aᵢⱼ|: what rounding did. */
  readonly asymmetry: number
}

/** Largest order of a matrix that is written out: 200 MB. */
export const largestDense = 5000

/**
 * Writes an operator out by its products with all unit vectors, in blocks of its preferred rows, and makes it symmetric.
 *
 * Cost: n products; 8·n² bytes.
 *
 * @throws InputError if the operator is larger than 5,000.
 * @throws NonFiniteError if an entry is not finite.
 * @throws StoppedError between blocks, if the signal says so.
 */
export async function denseMatrix(
  operator: LinearOperator,
  options: {
    readonly signal?: AbortSignal | undefined
    /** Called with the rows that are there. */
    readonly onProgress?: ((rows: number) => void) | undefined
  } = {},
): Promise<DenseMatrix> {
  const { size, space, preferredRows } = operator
  if (size > largestDense) {
    throw new InputError(
      'matrix',
      `a matrix that is written out must be of order ${largestDense} or less, got ${size}`,
    )
  }
  const matrix = new Float64Array(size * size)
  const units = space.allocate(preferredRows)
  const products = space.allocate(preferredRows)
  for (let row = 0; row < size; row += preferredRows) {
    throwIfStopped(options.signal)
    const rows = Math.min(preferredRows, size - row)
    units.fill(0)
    for (let i = 0; i < rows; i += 1) units[i * size + row + i] = 1
    await operator.apply(units, rows, products)
    matrix.set(products.subarray(0, rows * size), row * size)
    options.onProgress?.(row + rows)
  }
  return { size, matrix, asymmetry: symmetrize(matrix, size) }
}

/** Replaces entries by the means with their mirror images; gives the largest difference as a share of the largest entry. */
function symmetrize(matrix: Float64Array, size: number): number {
  let [largest, difference] = [0, 0]
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const a = matrix[i * size + j]!
      const b = matrix[j * size + i]!
      if (!Number.isFinite(a) || !Number.isFinite(b)) {
        throw new NonFiniteError(`entry (${i}, ${j}) of the matrix`)
      }
      largest = Math.max(largest, Math.abs(a), Math.abs(b))
      difference = Math.max(difference, Math.abs(a - b))
      const mean = (a + b) / 2
      matrix[i * size + j] = mean
      matrix[j * size + i] = mean
    }
  }
  return largest === 0 ? 0 : difference / largest
}
