import { invariant, ShapeError } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { layoutViews, type Layout, type TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import { onnxRuntime, uploadBatches, type Runtime } from '#tensor/runtime'
import { BlockProduct } from './block-product.ts'
import { defaultResidualMemory } from './memory-forecast.ts'
import { createNativeSpace, type NativeSpace, type NativeSpaceOptions } from './native-space.ts'

/** What the Hessian is of and where. */
export interface HessianOptions {
  /** A program of a scalar loss; its first inputs are the parameters of `layout`. */
  readonly loss: Program
  readonly layout: Layout
  /** θ, `[n]`; the runtime may read it at every product, so it must not change while the operator is used. */
  readonly parameters: Float32Array
  /**
   * The other inputs of `loss`, once a batch; the operator is the sum over batches. For the mean over a
   * data set the weights inside the batches are 1/N, whatever the size of each batch.
   */
  readonly batches: readonly (readonly TensorData[])[]
  /** Vectors a call handles at once, K. */
  readonly rows?: number | undefined
  readonly runtime?: Runtime | undefined
  /**
   * Bytes that values which do not depend on the vectors may take, to be computed once instead of in every call.
   * @default an eighth of the machine's memory
   */
  readonly residualMemory?: number | undefined
  /** Where bases of its vectors lie. */
  readonly memory?: NativeSpaceOptions | undefined
}

/** A Hessian as an operator; holds native sessions until released. */
export interface HessianOperator extends LinearOperator {
  readonly space: NativeSpace
  release(): Promise<void>
}

/**
 * The Hessian of a loss as a symmetric operator: H·v = Σ over batches of d/dt ∇L(θ + t·v).
 *
 * Cost: a product costs about 1.5 to 2 gradients in blocks of `rows`, one pass over all batches. What does not depend
 * on the vectors is computed at the first product and kept, if it fits and saves 5 % or more.
 * Deterministic on the processor: equal blocks give bit-equal products on one runtime build with one number of threads; the same
 * vector alone and in a block agrees to rounding only.
 * The program for K rows is compiled at its first use.
 *
 * @throws ShapeError if `parameters` does not fit the layout.
 * @see Pearlmutter, Fast exact multiplication by the Hessian (1994)
 */
export async function createHessianOperator(options: HessianOptions): Promise<HessianOperator> {
  const { loss, layout, runtime = onnxRuntime() } = options
  const preferredRows = options.rows ?? 8
  const views = layoutViews(layout, options.parameters)
  const types = loss.inputs.map((variable) => variable.type)
  const [parameters] = await uploadBatches(runtime, [views], types)
  const batches = await uploadBatches(runtime, options.batches, types.slice(views.length))
  const space = await createNativeSpace(layout.size, runtime, options.memory)
  const residualMemory = options.residualMemory ?? defaultResidualMemory()
  const products = new Map<number, Promise<BlockProduct>>()
  const productFor = (rows: number): Promise<BlockProduct> => {
    const known = products.get(rows)
    if (known !== undefined) return known
    const made = create(rows, [...products.values()])
    products.set(rows, made)
    return made
  }
  const create = async (
    rows: number,
    earlier: readonly Promise<BlockProduct>[],
  ): Promise<BlockProduct> => {
    const held = (await Promise.all(earlier)).reduce(
      (sum, { residualBytes }) => sum + residualBytes,
      0,
    )
    const memory = residualMemory - held
    return BlockProduct.create(loss, layout, batches.length, rows, runtime, memory)
  }
  const float32 = (vector: Vector, rows: number, name: string): Float32Array => {
    invariant(vector instanceof Float32Array, 'a native operator takes float32 vectors')
    if (vector.length < rows * layout.size) {
      throw new ShapeError(name, `[${rows}, ${layout.size}]`, [vector.length])
    }
    return vector
  }

  return {
    size: layout.size,
    space,
    preferredRows,
    apply: async (input, rows, output) => {
      const source = float32(input, rows, 'input')
      const target = float32(output, rows, 'output')
      for (let row = 0; row < rows; row += preferredRows) {
        const count = Math.min(preferredRows, rows - row)
        const product = await productFor(count === 1 ? 1 : preferredRows)
        const from = row * layout.size
        const to = (row + count) * layout.size
        await product.apply(
          parameters!,
          batches,
          source.subarray(from, to),
          count,
          target.subarray(from, to),
        )
      }
    },
    release: async () => {
      for (const tensor of [...parameters!, ...batches.flat()]) tensor.release()
      for (const product of products.values()) await (await product).release()
      await space.release()
    },
  }
}
