import type { TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'

/** A program made ready to run. */
export interface Executable {
  readonly program: Program
  /**
   * Evaluates the program.
   *
   * @param inputs - One flat row-major buffer an input; subarray views are read in place.
   * @param outputs - Buffers to write into, one an output; new ones are allocated if left out. They
   *   must not overlap the inputs.
   * @throws ShapeError naming the input or output whose size does not fit.
   */
  run(
    inputs: readonly TensorData[],
    outputs?: readonly TensorData[],
  ): Promise<readonly TensorData[]>
  /** Frees what the runtime holds for it. */
  release(): Promise<void>
}

/**
 * Dense algebra on blocks of row vectors of one length n, in float32, without a loop over n in JavaScript.
 *
 * Memory-bound: an operation reads its basis once.
 */
export interface BlockAlgebra {
  /** ⟨aᵢ, bⱼ⟩ as `[aRows, bRows]`, from a `[aRows, n]` and b `[bRows, n]`. */
  innerProducts(
    a: Float32Array,
    aRows: number,
    b: Float32Array,
    bRows: number,
  ): Promise<Float64Array>
  /** target ← C·basis (+ target where `isAdded`), C `[targetRows, basisRows]`; in place. */
  combine(
    target: Float32Array,
    targetRows: number,
    coefficients: Float64Array,
    basis: Float32Array,
    basisRows: number,
    isAdded: boolean,
  ): Promise<void>
  release(): Promise<void>
}

/** Something that evaluates programs: one library on one device. */
export interface Runtime {
  /** Library and version, e.g. `onnxruntime-node 1.30.0`. */
  readonly name: string
  /** e.g. `cpu`. */
  readonly device: string
  /** Makes a program ready; takes milliseconds to a second, so compile once. */
  compile(program: Program): Promise<Executable>
  /** Vector algebra for vectors of `size` entries. */
  createBlockAlgebra(size: number): Promise<BlockAlgebra>
}
