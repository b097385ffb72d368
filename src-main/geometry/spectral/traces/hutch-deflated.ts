import { fillSigns, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import type { SolverState } from '../solver-state.ts'
import { TraceRows } from './trace-rows.ts'
import {
  TraceProducts,
  type SamplingHooks,
  type TraceSampler,
  type TraceSamples,
} from './trace-sampler.ts'
import {
  bilinear,
  dot,
  sketchRows,
  traceOf,
  TraceSketch,
  type SketchMatrices,
} from './trace-sketch.ts'

/** A probe g with what a later basis vector needs to be removed from it. */
interface Probe {
  /** gᵀAg. */
  readonly form: number
  /** ‖Ag‖². */
  readonly square: number
  /** Qᵀg, Zᵀg and ZᵀAg, `[rank]` each. */
  readonly along: number[]
  readonly image: number[]
  readonly imageOfProduct: number[]
}

const copyOf = ({ form, square, along, image, imageOfProduct }: Probe): Probe => ({
  form,
  square,
  along: [...along],
  image: [...image],
  imageOfProduct: [...imageOfProduct],
})

/** All that is kept but the sketch's vectors and the probes' products. */
interface DeflatedHeader {
  readonly products: number
  readonly sketched: number
  readonly matrices: SketchMatrices
  /** Samples that nothing changes any more. */
  readonly samples: readonly number[]
  readonly squareSamples: readonly number[]
  readonly terms: readonly Probe[]
}

/**
 * Hutch++: the trace on the range of a sketch exactly, and Hutchinson's samples on its complement,
 * tr A = tr QᵀAQ + E gᵀPAPg and tr A² = ‖AQ‖_F² + E ‖APg‖² with P = I − QQᵀ.
 *
 * A third of the products makes the sketch, a third its image, a third probes. Probes are kept with their products, so
 * that a sketch that grows is removed from the earlier ones without another product. Where it cannot grow any more they are not.
 *
 * Cost: k products hold up to 4k/3 vectors and three blocks of 8 or as the operator likes.
 *
 * @see Meyer, Musco, Musco and Woodruff, Hutch++: optimal stochastic trace estimation (2021)
 */
export class DeflatedSampler implements TraceSampler {
  readonly leastSamples = 16
  readonly #products: TraceProducts
  readonly #stream: RandomStream
  readonly #sketch: TraceSketch
  readonly #probes: TraceRows
  readonly #probeProducts: TraceRows
  /** Samples of probes before `#terms`, from a state of a sketch that does not grow any more. */
  readonly #samples: readonly number[]
  readonly #squareSamples: readonly number[]
  readonly #terms: Probe[]
  readonly #largestSketch: number
  #sketched: number
  /** Products of whole blocks. */
  #settled: number

  private constructor(
    products: TraceProducts,
    stream: RandomStream,
    sketch: TraceSketch,
    probes: TraceRows,
    probeProducts: TraceRows,
    largestSketch: number,
    saved: DeflatedHeader | undefined,
  ) {
    this.#largestSketch = largestSketch
    this.#samples = saved?.samples ?? []
    this.#squareSamples = saved?.squareSamples ?? []
    this.#terms = (saved?.terms ?? []).map(copyOf)
    this.#sketched = saved?.sketched ?? 0
    this.#settled = products.made
    this.#products = products
    this.#stream = stream
    this.#sketch = sketch
    this.#probes = probes
    this.#probeProducts = probeProducts
  }

  /**
   * @param options.capacity - Products expected; more are possible.
   * @param options.largestSketch - Vectors of the sketch at most; further products go to probes, which are not kept then.
   * @param options.saved - As `state` gave it.
   */
  static async create(options: {
    readonly operator: LinearOperator
    readonly stream: RandomStream
    readonly capacity: number
    readonly largestSketch: number
    readonly hooks: SamplingHooks
    readonly saved?: SolverState | undefined
  }): Promise<DeflatedSampler> {
    const { operator, stream, capacity, largestSketch, hooks, saved } = options
    const header = saved?.header as DeflatedHeader | undefined
    const products = new TraceProducts(operator, hooks, header?.products)
    const rows = Math.ceil(capacity / 3)
    const sampler = new DeflatedSampler(
      products,
      stream,
      await TraceSketch.open(
        products,
        rows,
        header && { matrices: header.matrices, vectors: saved!.vectors },
      ),
      await TraceRows.create(operator.space, rows),
      await TraceRows.create(operator.space, rows),
      largestSketch,
      header,
    )
    if (saved !== undefined) await sampler.#restoreProbes(saved)
    return sampler
  }

  get products(): number {
    return this.#products.made
  }

  get isExact(): boolean {
    return this.#sketch.isFull
  }

  /** Whether the sketch may grow, and the probes are kept for that. */
  get #canGrow(): boolean {
    return this.#sketched < this.#largestSketch && !this.isExact
  }

  get #probeCount(): number {
    return this.#samples.length + this.#terms.length
  }

  async extend(products: number, pause: () => Promise<void>): Promise<void> {
    const rows = Math.max(sketchRows, this.#products.operator.preferredRows)
    const sketched = Math.min(this.#largestSketch, Math.floor(products / 3))
    while (this.#sketched < sketched && !this.isExact) {
      await this.#addSketch(Math.min(rows, sketched - this.#sketched))
      this.#settled = this.products
      await pause()
    }
    // Products that a sketch of less than full rank did not take go to probes too; but two samples at least.
    while (this.products < products || this.#probeCount < 2) {
      const left = Math.max(products - this.products, 2 - this.#probeCount)
      await this.#addProbes(Math.min(rows, left))
      this.#settled = this.products
      await pause()
    }
  }

  samples(): TraceSamples {
    const { projected, imageGram } = this.#sketch
    const exact = traceOf(projected)
    const exactSquare = traceOf(imageGram)
    return {
      samples: [
        ...this.#samples,
        ...this.#terms.map(
          ({ form, along, image }) =>
            exact + form - 2 * dot(along, image) + bilinear(along, projected, along),
        ),
      ],
      squareSamples: [
        ...this.#squareSamples,
        ...this.#terms.map(
          ({ square, along, imageOfProduct }) =>
            exactSquare +
            square -
            2 * dot(along, imageOfProduct) +
            bilinear(along, imageGram, along),
        ),
      ],
      withoutOne: null,
    }
  }

  /** Two vectors a basis vector, and the product of each probe while the sketch may grow. */
  state(): SolverState {
    const { space } = this.#products.operator
    const { rank, matrices } = this.#sketch
    const rows = 2 * rank + (this.#canGrow ? this.#probeProducts.count : 0)
    const vectors = space.allocate(rows)
    this.#sketch.read(vectors)
    if (this.#canGrow) this.#probeProducts.read(vectors, 2 * rank)
    const { samples, squareSamples } = this.samples()
    const header: DeflatedHeader = {
      products: this.#settled,
      sketched: this.#sketched,
      matrices,
      samples: this.#canGrow ? [] : samples,
      squareSamples: this.#canGrow ? [] : squareSamples,
      terms: this.#canGrow ? this.#terms.map(copyOf) : [],
    }
    return { header, rows, vectors }
  }

  async release(): Promise<void> {
    await this.#sketch.release()
    await this.#probes.release()
    await this.#probeProducts.release()
  }

  async #addSketch(rows: number): Promise<void> {
    const { size, space } = this.#products.operator
    const block = space.allocate(rows)
    const product = space.allocate(rows)
    for (let i = 0; i < rows; i += 1) {
      const index = this.#sketched + i
      fillSigns(block.subarray(i * size, (i + 1) * size), this.#stream.fork('sketch', index))
    }
    const first = this.#sketched
    await this.#products.apply(block, rows, product, (i) => `sketch vector ${first + i + 1}`)
    const before = this.#sketch.rank
    const { added } = await this.#sketch.absorb(product, rows)
    this.#sketched += rows
    if (this.#terms.length > 0 && added > 0) await this.#removeFromProbes(product, before, added)
  }

  /** Brings the earlier probes' terms up to basis vectors added. */
  async #removeFromProbes(basis: Vector, before: number, added: number): Promise<void> {
    const { size, space } = this.#products.operator
    const images = space.allocate(added)
    for (let i = 0; i < added; i += 1) {
      this.#sketch.images.store.read(before + i, images.subarray(i * size, (i + 1) * size))
    }
    const along = await this.#probes.innerProducts(basis, added)
    const scale = this.#sketch.imageScale
    const image = await this.#probes.innerProducts(images, added)
    const imageOfProduct = await this.#probeProducts.innerProducts(images, added)
    this.#terms.forEach((term, probe) => {
      for (let i = 0; i < added; i += 1) {
        term.along.push(along[i]![probe]!)
        term.image.push(scale * image[i]![probe]!)
        term.imageOfProduct.push(scale * imageOfProduct[i]![probe]!)
      }
    })
  }

  async #addProbes(rows: number): Promise<void> {
    const { size, space } = this.#products.operator
    const block = space.allocate(rows)
    const product = space.allocate(rows)
    const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
    const first = this.#probeCount
    this.#fillProbes(block, first, rows)
    const squares = await this.#products.apply(
      block,
      rows,
      product,
      (i) => `probe ${first + i + 1}`,
    )
    const { basis, images, imageScale } = this.#sketch
    const along = await basis.innerProducts(block, rows)
    const image = await images.innerProducts(block, rows)
    const imageOfProduct = await images.innerProducts(product, rows)
    for (let i = 0; i < rows; i += 1) {
      const [form] = await space.innerProducts(row(block, i), 1, row(product, i), 1)
      this.#terms.push({
        form: form!,
        square: squares[i]!,
        along: Array.from(along[i]!),
        image: Array.from(image[i]!, (value) => imageScale * value),
        imageOfProduct: Array.from(imageOfProduct[i]!, (value) => imageScale * value),
      })
    }
    if (this.#canGrow) {
      await this.#probes.append(block, rows)
      await this.#probeProducts.append(product, rows)
    }
  }

  #fillProbes(block: Vector, first: number, rows: number): void {
    const { size } = this.#products.operator
    for (let i = 0; i < rows; i += 1) {
      fillSigns(block.subarray(i * size, (i + 1) * size), this.#stream.fork('probe', first + i))
    }
  }

  /** Probes are drawn again, their products were saved. */
  async #restoreProbes({ rows, vectors }: SolverState): Promise<void> {
    const { size, space } = this.#products.operator
    const { rank } = this.#sketch
    const probe = space.allocate(1)
    for (let i = 0; i < rows - 2 * rank; i += 1) {
      this.#fillProbes(probe, i, 1)
      await this.#probes.append(probe, 1)
      await this.#probeProducts.append(vectors.subarray((2 * rank + i) * size), 1)
    }
  }
}
