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
}
