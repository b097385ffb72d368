import { layoutViews, type Layout, type TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import type { ResidentTensor, Runtime } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import { LinearSum, planProduct } from './linear-sum.ts'

/** Buffers of K vectors, tensor by tensor: `[K, shape…]` one after another. */
const allocateBlocks = (layout: Layout, rows: number): Float32Array[] =>
  layout.entries.map(({ size }) => new Float32Array(rows * size))

/** Copies vectors in, tensor by tensor; missing rows become zero. */
function pack(layout: Layout, vectors: Float32Array, rows: number, blocks: Float32Array[]): void {
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
  vectors: Float32Array,
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
    { readonly offset: number; readonly views: readonly Float32Array[] }
  >()

  constructor(layout: Layout) {
    this.#layout = layout
  }

  of(vector: Float32Array): readonly Float32Array[] {
    const { buffer, byteOffset: offset } = vector
    const known = this.#known.get(buffer)
    if (known?.offset === offset) return known.views
    const views = layoutViews(this.#layout, vector)
    this.#known.set(buffer, { offset, views })
    return views
  }
}

/** Hessian-vector products for one fixed number of rows, summed over batches. */
export class BlockProduct {
  /** Memory of residuals that are kept from call to call, in bytes. */
  readonly residualBytes: number
  readonly #sum: LinearSum
  readonly #layout: Layout
  readonly #tangents: VectorViews
  readonly #products: VectorViews
  /** Null for single vectors, which are read and written where they lie. */
  readonly #input: Float32Array[] | null
  /** Where sums over a single batch go; over several they are unpacked from where they were added up. */
  readonly #output: Float32Array[] | null

  private constructor(
    sum: LinearSum,
    residualBytes: number,
    layout: Layout,
    rows: number,
    batchCount: number,
  ) {
    this.#sum = sum
    this.residualBytes = residualBytes
    this.#layout = layout
    this.#tangents = new VectorViews(layout)
    this.#products = new VectorViews(layout)
    this.#input = rows === 1 ? null : allocateBlocks(layout, rows)
    this.#output = rows === 1 || batchCount > 1 ? null : allocateBlocks(layout, rows)
  }

  /**
   * Compiles for a loss whose first inputs are the parameters of `layout`.
   *
   * @param memory - Bytes that residuals may take.
   */
  static async create(
    loss: Program,
    layout: Layout,
    batchCount: number,
    rows: number,
    runtime: Runtime,
    memory: number,
  ): Promise<BlockProduct> {
    const wrt = layout.entries.map((_, i) => i)
    const program = hvp(loss, wrt, rows)
    const tangents = wrt.map((i) => loss.inputs.length + i)
    const plan = planProduct(program, tangents, batchCount, memory)
    const sum = await LinearSum.create(program, plan, batchCount, runtime)
    return new BlockProduct(sum, plan.residualBytes, layout, rows, batchCount)
  }

  /** Writes the products of the first `rows` vectors of `input` to `output`; parameters and batches never change. */
  async apply(
    parameters: readonly ResidentTensor[],
    batches: readonly (readonly ResidentTensor[])[],
    input: Float32Array,
    rows: number,
    output: Float32Array,
  ): Promise<void> {
    if (this.#input === null) {
      const [tangents, products] = [this.#tangents.of(input), this.#products.of(output)]
      await this.#sum.run(parameters, batches, tangents, products)
      return
    }
    pack(this.#layout, input, rows, this.#input)
    const sums = await this.#sum.run(parameters, batches, this.#input, this.#output)
    unpack(this.#layout, sums, rows, output)
  }

  release(): Promise<void> {
    return this.#sum.release()
  }
}
