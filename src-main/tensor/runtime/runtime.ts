import type { TensorData } from '#tensor/dense'
import type { Program, ValueType } from '#tensor/program'

/**
 * A tensor in the memory that a runtime computes in: between calls it need not travel. In host memory it
 * is a buffer that was there before; on a GPU it is a copy.
 */
export interface ResidentTensor {
  readonly type: ValueType
  /**
   * The entries in host memory.
   *
   * @param into - Where to copy them; left out: a buffer of the tensor's own that holds until it changes.
   */
  read(into?: TensorData): Promise<TensorData>
  /** Replaces the entries. */
  write(data: TensorData): Promise<void>
  /** Sets every entry to 0. */
  clear(): Promise<void>
  /** Frees the memory; an output written into it afterwards takes memory anew. */
  release(): void
}

/** What a program reads: a buffer of the host or a tensor of the same runtime. */
export type TensorInput = TensorData | ResidentTensor

/** How to make a program ready. */
export interface CompileOptions {
  /**
   * Outputs, counted from the first, that are written into resident tensors, which `run` must be given; the others go
   * to buffers of the host. @default 0
   */
  readonly residentOutputs?: number
}

/** A program made ready to run. */
export interface Executable {
  readonly program: Program
  /**
   * Evaluates the program.
   *
   * @param inputs - One flat row-major buffer or one resident tensor an input; subarray views are read in place.
   * @param outputs - What to write into, one an output; new buffers are allocated if left out. They must
   *   not overlap the inputs.
   * @returns The outputs.
   * @throws ShapeError naming the input or output whose size does not fit.
   */
  run(inputs: readonly TensorInput[]): Promise<readonly TensorData[]>
  run<Output extends TensorInput>(
    inputs: readonly TensorInput[],
    outputs: readonly Output[],
  ): Promise<readonly Output[]>
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
  /** Whether it computes in host memory, so that a resident tensor is the buffer it was made of. */
  readonly sharesHostMemory: boolean
  /** Makes a program ready; takes milliseconds to a second, so compile once. */
  compile(program: Program, options?: CompileOptions): Promise<Executable>
  /**
   * Brings data to where the runtime computes.
   *
   * @param data - Flat, row-major. Where the runtime computes in host memory the tensor is this buffer itself:
   *   whoever writes into the one writes into the other.
   * @throws ShapeError if `data` does not fit `type`.
   */
  upload(data: TensorData, type: ValueType): Promise<ResidentTensor>
  /** Vector algebra for vectors of `size` entries. */
  createBlockAlgebra(size: number): Promise<BlockAlgebra>
}
