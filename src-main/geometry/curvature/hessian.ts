import { invariant, ShapeError } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { layoutViews, type Layout, type TensorData } from '#tensor/dense'
import { add, Graph, inlineProgram, type Program } from '#tensor/program'
import { compileProgram, type Executable } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import { createNativeSpace, type NativeSpace } from './native-space.ts'

/** What the Hessian is of and where. */
export interface HessianOptions {
  /** A program of a scalar loss; its first inputs are the parameters of `layout`. */
  readonly loss: Program
  readonly layout: Layout
  /** θ, `[n]`; read at every product, so it must not change while the operator is used. */
  readonly parameters: Float32Array
  /**
   * The other inputs of `loss`, once a batch; the operator is the sum over batches. For the mean over a
   * data set the weights inside the batches are 1/N, whatever the size of each batch.
   */
  readonly batches: readonly (readonly TensorData[])[]
  /** Vectors a call handles at once, K. */
  readonly rows?: number
  readonly threads?: number
}

/** A Hessian as an operator; holds native sessions until released. */
export interface HessianOperator extends LinearOperator {
  readonly space: NativeSpace
  release(): Promise<void>
}

/** Adds one input per output, summed onto it: running totals over batches stay inside the graph. */
function withTotals(program: Program): Program {
  const graph = new Graph()
  const inputs = program.inputs.map((variable) => graph.input(variable.type))
  const totals = program.outputs.map((variable) => graph.input(variable.type))
  const outputs = inlineProgram(program, graph, inputs)
  return graph.finish(
    program.name,
    [...inputs, ...totals],
    outputs.map((output, i) => add(totals[i]!, output)),
  )
}

/** Buffers for K rows, tensor by tensor: `[K, shape…]` one after another. */
class Stage {
  readonly flat: Float32Array
  readonly views: readonly Float32Array[]
  readonly #layout: Layout
  readonly #rows: number

  constructor(layout: Layout, rows: number) {
    this.flat = new Float32Array(rows * layout.size)
    this.views = layout.entries.map(({ offset, size }) =>
      this.flat.subarray(rows * offset, rows * (offset + size)),
    )
    this.#layout = layout
    this.#rows = rows
  }

  /** Copies row vectors in; missing rows become zero. */
  pack(block: Float32Array, rows: number): void {
    if (rows < this.#rows) this.flat.fill(0)
    this.#forEachPart(rows, (row, offset, size, view) => {
      const from = row * this.#layout.size + offset
      view.set(block.subarray(from, from + size), row * size)
    })
  }

  /** Copies row vectors out. */
  unpack(block: Float32Array, rows: number): void {
    this.#forEachPart(rows, (row, offset, size, view) => {
      block.set(view.subarray(row * size, (row + 1) * size), row * this.#layout.size + offset)
    })
  }

  #forEachPart(
    rows: number,
    visit: (row: number, offset: number, size: number, view: Float32Array) => void,
  ): void {
    this.#layout.entries.forEach(({ offset, size }, i) => {
      for (let row = 0; row < rows; row += 1) visit(row, offset, size, this.views[i]!)
    })
  }
}

/** Products for one fixed number of rows. */
class BlockProduct {
  readonly #executable: Executable
  readonly #input: Stage
  readonly #output: Stage
  readonly #total: Stage | null

  private constructor(executable: Executable, input: Stage, output: Stage, total: Stage | null) {
    this.#executable = executable
    this.#input = input
    this.#output = output
    this.#total = total
  }

  static async create(options: HessianOptions, rows: number): Promise<BlockProduct> {
    const { loss, layout, batches } = options
    const wrt = layout.entries.map((_, i) => i)
    const program = hvp(loss, wrt, rows)
    const isSummed = batches.length > 1
    const executable = await compileProgram(isSummed ? withTotals(program) : program, {
      threads: options.threads ?? 0,
    })
    const stage = (): Stage => new Stage(layout, rows)
    return new BlockProduct(executable, stage(), stage(), isSummed ? stage() : null)
  }

  async apply(
    parameters: readonly Float32Array[],
    batches: readonly (readonly TensorData[])[],
    input: Float32Array,
    rows: number,
    output: Float32Array,
  ): Promise<void> {
    this.#input.pack(input, rows)
    let [result, total] = [this.#output, this.#total]
    total?.flat.fill(0)
    for (const batch of batches) {
      await this.#executable.run(
        [...parameters, ...batch, ...this.#input.views, ...(total?.views ?? [])],
        result.views,
      )
      if (total !== null) [result, total] = [total, result]
    }
    // After the swap the running total is the stage written last.
    const final = total ?? result
    final.unpack(output, rows)
  }

  release(): Promise<void> {
    return this.#executable.release()
  }
}

/**
 * The Hessian of a loss as a symmetric operator: H·v = Σ over batches of d/dt ∇L(θ + t·v).
 *
 * Cost: a product costs about 1.5 to 2 gradients in blocks of `rows`, one pass over all batches.
 * Deterministic: equal inputs give bit-equal products on one runtime build with one number of threads.
 * The program for K rows is compiled at its first use.
 *
 * @throws ShapeError if `parameters` does not fit the layout.
 * @see Pearlmutter, Fast exact multiplication by the Hessian (1994)
 */
export async function createHessianOperator(options: HessianOptions): Promise<HessianOperator> {
  const { layout, parameters, batches } = options
  const preferredRows = options.rows ?? 8
  const views = layoutViews(layout, parameters)
  const space = await createNativeSpace(layout.size, options.threads)
  const products = new Map<number, Promise<BlockProduct>>()
  const productFor = (rows: number): Promise<BlockProduct> => {
    const known = products.get(rows)
    if (known !== undefined) return known
    const made = BlockProduct.create(options, rows)
    products.set(rows, made)
    return made
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
          views,
          batches,
          source.subarray(from, to),
          count,
          target.subarray(from, to),
        )
      }
    },
    release: async () => {
      for (const product of products.values()) await (await product).release()
      await space.release()
    },
  }
}
