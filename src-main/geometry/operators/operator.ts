import type { Vector, VectorSpace } from './vector-space.ts'

/**
 * A real symmetric linear map A on R^n that is known only by its products.
 *
 * The native granularity is a block: `rows` vectors at once, because for a network a block of
 * tangents turns many small products into few large ones.
 */
export interface LinearOperator {
  /** n. */
  readonly size: number
  /** Algebra for the vectors this operator takes and gives. */
  readonly space: VectorSpace
  /** Rows a call likes best; a solver with independent vectors should group them by this. */
  readonly preferredRows: number
  /**
   * Writes A·v for each row v.
   *
   * @param input - `[rows, n]`, not changed.
   * @param rows - 1 or more.
   * @param output - `[rows, n]`, overwritten; must not overlap `input`.
   * A product may be non-finite; the solver that reads it says so.
   */
  apply(input: Vector, rows: number, output: Vector): Promise<void>
}
