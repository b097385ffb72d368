/** A flat, row-major buffer; `[rows, n]` when it holds a block. */
export type Vector = Float32Array | Float64Array

/**
 * Vector algebra over R^n, so that a solver never loops over n itself.
 *
 * Two fillings: {@link float64Space} in plain TypeScript, for small n and as the oracle, and a native
 * one (in `geometry/curvature`) that runs every operation as a matrix product. Small results
 * (coefficients, Gram matrices) are float64 in both.
 */
export interface VectorSpace {
  /** n. */
  readonly size: number
  /** Unit round-off spacing of the arithmetic: 2⁻²³ or 2⁻⁵². */
  readonly epsilon: number
  /** A zero block `[rows, n]` of this space's number type. */
  allocate(rows: number): Vector
  /** Inner products ⟨aᵢ, bⱼ⟩ as `[aRows, bRows]`. */
  innerProducts(a: Vector, aRows: number, b: Vector, bRows: number): Promise<Float64Array>
  /** target ← target + C·basis, with C `[targetRows, basisRows]`, basis `[basisRows, n]`; in place. */
  addCombination(
    target: Vector,
    targetRows: number,
    coefficients: Float64Array,
    basis: Vector,
    basisRows: number,
  ): Promise<void>
  /** target ← C·basis, as {@link addCombination} without the first term. */
  setCombination(
    target: Vector,
    targetRows: number,
    coefficients: Float64Array,
    basis: Vector,
    basisRows: number,
  ): Promise<void>
  /** ‖v‖, at any scale the number type holds: squares that leave its range are no matter. */
  norm(v: Vector): Promise<number>
  /** A place for up to `capacity` vectors. */
  createRows(capacity: number): Promise<RowStore>
}

/**
 * Up to `capacity` vectors of a space that are used together, such as a Krylov basis. Where they lie, in
 * memory or on disk, whole or in panels of columns, is the space's affair; results do not depend on it.
 */
export interface RowStore {
  readonly capacity: number
  /** Row i: a view where rows lie whole, a copy elsewhere; not to be written. */
  row(index: number): Vector
  /** Copies row i into `target`, `[n]`. */
  read(index: number, target: Vector): void
  /** Row i ← factor·v. */
  write(index: number, v: Vector, factor: number): Promise<void>
  /** ⟨vᵢ, rowⱼ⟩ of a block `[blockRows, n]` with the first `count` rows, `[blockRows, count]`. */
  innerProducts(block: Vector, blockRows: number, count: number): Promise<Float64Array>
  /** block ← block + C·(the first `count` rows), C `[blockRows, count]`; in place. */
  addTo(block: Vector, blockRows: number, coefficients: Float64Array, count: number): Promise<void>
  /** The first `rowCount` rows ← C·(the first `count` rows), C `[rowCount, count]`; the others are lost. */
  recombine(coefficients: Float64Array, rowCount: number, count: number): Promise<void>
  /** Inner products of the first `count` rows with each other, `[count, count]`. */
  gram(count: number): Promise<Float64Array>
  release(): Promise<void>
}
