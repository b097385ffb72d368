import { layoutViews, type Layout } from '#tensor/dense'
import type { Program } from '#tensor/program'
import type { ResidentTensor, Runtime } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import { LinearSum, planProduct } from './linear-sum.ts'

/** Vectors of K rows, tensor by tensor: `[K, shape…]` one after another. */
class RowBlock {
  readonly views: readonly Float32Array[]
  readonly #layout: Layout
  readonly #rows: number

  constructor(layout: Layout, rows: number) {
    this.views = layout.entries.map(({ size }) => new Float32Array(rows * size))
    this.#layout = layout
    this.#rows = rows
  }

  /** Copies row vectors in; missing rows become zero. */
  pack(block: Float32Array, rows: number): void {
    this.#forEach(rows, (view, row, part) => view.set(row, part * row.length), block)
    if (rows === this.#rows) return
    this.#layout.entries.forEach(({ size }, i) => this.views[i]!.fill(0, rows * size))
  }

  /** Copies row vectors out. */
  unpack(block: Float32Array, rows: number): void {
    this.#forEach(
      rows,
      (view, row, part) => row.set(view.subarray(part * row.length, (part + 1) * row.length)),
      block,
    )
  }

  #forEach(
    rows: number,
    visit: (view: Float32Array, row: Float32Array, part: number) => void,
    block: Float32Array,
  ): void {
    this.#layout.entries.forEach(({ offset, size }, i) => {
      for (let part = 0; part < rows; part += 1) {
        const from = part * this.#layout.size + offset
        visit(this.views[i]!, block.subarray(from, from + size), part)
      }
    })
  }
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
  readonly #tangents: VectorViews
  readonly #products: VectorViews
  /** Null for single vectors, which are read and written where they lie. */
  readonly #blocks: { readonly input: RowBlock; readonly output: RowBlock } | null

  private constructor(sum: LinearSum, residualBytes: number, layout: Layout, rows: number) {
    this.#sum = sum
    this.residualBytes = residualBytes
    this.#tangents = new VectorViews(layout)
    this.#products = new VectorViews(layout)
    const block = (): RowBlock => new RowBlock(layout, rows)
    this.#blocks = rows === 1 ? null : { input: block(), output: block() }
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
    return new BlockProduct(sum, plan.residualBytes, layout, rows)
  }

  /** Writes the products of the first `rows` vectors of `input` to `output`; parameters and batches never change. */
  async apply(
    parameters: readonly ResidentTensor[],
    batches: readonly (readonly ResidentTensor[])[],
    input: Float32Array,
    rows: number,
    output: Float32Array,
  ): Promise<void> {
    if (this.#blocks === null) {
      const [tangents, products] = [this.#tangents.of(input), this.#products.of(output)]
      await this.#sum.run(parameters, batches, tangents, products)
      return
    }
    this.#blocks.input.pack(input, rows)
    await this.#sum.run(parameters, batches, this.#blocks.input.views, this.#blocks.output.views)
    this.#blocks.output.unpack(output, rows)
  }

  release(): Promise<void> {
    return this.#sum.release()
  }
}
