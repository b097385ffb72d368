import type { Vector } from '#geometry/operators'
import { layoutViews, type Layout, type TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import type { ResidentTensor, Runtime } from '#tensor/runtime'
import { batchTangents } from '#tensor/transforms'
import { allocateVector, type Precision } from './precision.ts'
import { LinearSum, planProduct } from './linear-sum.ts'

/** Buffers of K vectors, tensor by tensor: `[K, shape…]` one after another. */
const allocateBlocks = (layout: Layout, rows: number, precision: Precision): Vector[] =>
  layout.entries.map(({ size }) => allocateVector(precision, rows * size))

/** Copies vectors in, tensor by tensor; missing rows become zero. */
function pack(layout: Layout, vectors: Vector, rows: number, blocks: readonly Vector[]): void {
  layout.entries.forEach(({ offset, size }, i) => {
    for (let row = 0; row < rows; row += 1) {
      const from = row * layout.size + offset
      blocks[i]!.set(vectors.subarray(from, from + size), row * size)
    }
    blocks[i]!.fill(0, rows * size)
  })
}

/** Copies vectors out. */
function unpack(
  layout: Layout,
  blocks: readonly TensorData[],
  rows: number,
  vectors: Vector,
): void {
  layout.entries.forEach(({ offset, size }, i) => {
    for (let row = 0; row < rows; row += 1) {
      const part = blocks[i]!.subarray(row * size, (row + 1) * size)
      vectors.set(part, row * layout.size + offset)
    }
  })
}

/** The tensors of a vector; made once for a vector that comes again and again, and not keeping it alive. */
class VectorViews {
  readonly #layout: Layout
  readonly #known = new WeakMap<
    ArrayBufferLike,
    { readonly offset: number; readonly views: readonly Vector[] }
  >()

  constructor(layout: Layout) {
    this.#layout = layout
  }

  of(vector: Vector): readonly Vector[] {
    const { buffer, byteOffset: offset } = vector
    const known = this.#known.get(buffer)
    if (known?.offset === offset) return known.views
    const views = layoutViews(this.#layout, vector)
    this.#known.set(buffer, { offset, views })
    return views
  }
}

/** What a {@link BlockProduct} is made from. */
export interface BlockProductOptions {
  /** The product with one vector: inputs are the parameters, those of a batch, and one tangent a tensor of `layout`. */
  readonly product: Program
  /** Of the vectors. */
  readonly layout: Layout
  readonly precision: Precision
  readonly batchCount: number
  readonly rows: number
  readonly runtime: Runtime
  /** Bytes that residuals may take. */
  readonly memory: number
}

/** Products of a matrix with blocks of one fixed number of rows, summed over batches. */
export class BlockProduct {
  /** Memory of residuals that are kept from call to call, in bytes. */
  readonly residualBytes: number
  readonly #sum: LinearSum
  readonly #layout: Layout
  readonly #tangents: VectorViews
  readonly #products: VectorViews
  /** Null for single vectors, which are read and written where they lie. */
  readonly #input: Vector[] | null
  /** Where sums over a single batch go; over several they are unpacked from where they were added up. */
  readonly #output: Vector[] | null

  private constructor(sum: LinearSum, residualBytes: number, options: BlockProductOptions) {
    const { layout, rows, batchCount, precision } = options
    this.#sum = sum
    this.residualBytes = residualBytes
    this.#layout = layout
    this.#tangents = new VectorViews(layout)
    this.#products = new VectorViews(layout)
    this.#input = rows === 1 ? null : allocateBlocks(layout, rows, precision)
    this.#output = rows === 1 || batchCount > 1 ? null : allocateBlocks(layout, rows, precision)
  }

  /** Compiles the product with `rows` vectors. */
  static async create(options: BlockProductOptions): Promise<BlockProduct> {
    const { product, layout, batchCount, rows, runtime, memory } = options
    const count = layout.entries.length
    const program = batchTangents(product, count, rows)
    const first = program.inputs.length - count
    const tangents = layout.entries.map((_, i) => first + i)
    const plan = planProduct(program, tangents, batchCount, memory)
    const sum = await LinearSum.create(program, plan, batchCount, runtime)
    return new BlockProduct(sum, plan.residualBytes, options)
  }

  /** Writes the products of the first `rows` vectors of `input` to `output`; parameters and batches never change. */
  async apply(
    parameters: readonly ResidentTensor[],
    batches: readonly (readonly ResidentTensor[])[],
    input: Vector,
    rows: number,
    output: Vector,
  ): Promise<void> {
    if (this.#input === null) {
      const [tangents, products] = [this.#tangents.of(input), this.#products.of(output)]
      await this.#sum.run(parameters, batches, () => tangents, products)
      return
    }
    const tangents = this.#input
    pack(this.#layout, input, rows, tangents)
    const sums = await this.#sum.run(parameters, batches, () => tangents, this.#output)
    unpack(this.#layout, sums, rows, output)
  }

  release(): Promise<void> {
    return this.#sum.release()
  }
}
