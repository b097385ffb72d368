import { fillSigns, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { TraceRows } from './trace-rows.ts'
import {
  TraceProducts,
  type SamplingHooks,
  type TraceSampler,
  type TraceSamples,
} from './trace-sampler.ts'
import { bilinear, dot, sketchRows, traceOf, TraceSketch } from './trace-sketch.ts'

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

/**
 * Hutch++: the trace on the range of a sketch exactly, and Hutchinson's samples on its complement,
 * tr A = tr QᵀAQ + E gᵀPAPg and tr A² = ‖AQ‖_F² + E ‖APg‖² with P = I − QQᵀ.
 *
 * A third of the products makes the sketch, a third its image, a third probes. Probes are kept with their products, so
 * that a sketch that grows is removed from the earlier ones without another product.
 *
 * Cost: k products hold 4k/3 vectors and three blocks of 8 or as the operator likes.
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
  readonly #terms: Probe[] = []
  readonly #largestSketch: number
  #sketched = 0

  private constructor(
    products: TraceProducts,
    stream: RandomStream,
    sketch: TraceSketch,
    probes: TraceRows,
    probeProducts: TraceRows,
    largestSketch: number,
  ) {
    this.#largestSketch = largestSketch
    this.#products = products
    this.#stream = stream
    this.#sketch = sketch
    this.#probes = probes
    this.#probeProducts = probeProducts
  }

  /**
   * @param capacity - Products expected; more are possible.
   * @param largestSketch - Vectors of the sketch at most; further products go to probes, which are not kept then.
   */
  static async create(
    operator: LinearOperator,
    stream: RandomStream,
    capacity: number,
    largestSketch: number,
    hooks: SamplingHooks,
  ): Promise<DeflatedSampler> {
    const products = new TraceProducts(operator, hooks)
    const rows = Math.ceil(capacity / 3)
    return new DeflatedSampler(
      products,
      stream,
      await TraceSketch.create(products, rows),
      await TraceRows.create(operator.space, rows),
      await TraceRows.create(operator.space, rows),
      largestSketch,
    )
  }

  get products(): number {
    return this.#products.made
  }

  get isExact(): boolean {
    return this.#sketch.isFull
  }

  async extend(products: number): Promise<void> {
    const rows = Math.max(sketchRows, this.#products.operator.preferredRows)
    const sketched = Math.min(this.#largestSketch, Math.floor(products / 3))
    while (this.#sketched < sketched && !this.isExact) {
      await this.#addSketch(Math.min(rows, sketched - this.#sketched))
    }
    // Products that a sketch of less than full rank did not take go to probes too; but two samples at least.
    while (this.products < products || this.#terms.length < 2) {
      const left = Math.max(products - this.products, 2 - this.#terms.length)
      await this.#addProbes(Math.min(rows, left))
    }
  }

  samples(): TraceSamples {
    const { projected, imageGram } = this.#sketch
    const exact = traceOf(projected)
    const exactSquare = traceOf(imageGram)
    return {
      samples: this.#terms.map(
        ({ form, along, image }) =>
          exact + form - 2 * dot(along, image) + bilinear(along, projected, along),
      ),
      squareSamples: this.#terms.map(
        ({ square, along, imageOfProduct }) =>
          exactSquare + square - 2 * dot(along, imageOfProduct) + bilinear(along, imageGram, along),
      ),
      withoutOne: null,
    }
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
    this.#sketched += rows
    const before = this.#sketch.rank
    const { added } = await this.#sketch.absorb(product, rows)
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
    const image = await this.#probes.innerProducts(images, added)
    const imageOfProduct = await this.#probeProducts.innerProducts(images, added)
    this.#terms.forEach((term, probe) => {
      for (let i = 0; i < added; i += 1) {
        term.along.push(along[i]![probe]!)
        term.image.push(image[i]![probe]!)
        term.imageOfProduct.push(imageOfProduct[i]![probe]!)
      }
    })
  }

  async #addProbes(rows: number): Promise<void> {
    const { size, space } = this.#products.operator
    const block = space.allocate(rows)
    const product = space.allocate(rows)
    const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
    const first = this.#terms.length
    for (let i = 0; i < rows; i += 1)
      fillSigns(row(block, i), this.#stream.fork('probe', first + i))
    const squares = await this.#products.apply(
      block,
      rows,
      product,
      (i) => `probe ${first + i + 1}`,
    )
    const { basis, images } = this.#sketch
    const along = await basis.innerProducts(block, rows)
    const image = await images.innerProducts(block, rows)
    const imageOfProduct = await images.innerProducts(product, rows)
    for (let i = 0; i < rows; i += 1) {
      const [form] = await space.innerProducts(row(block, i), 1, row(product, i), 1)
      this.#terms.push({
        form: form!,
        square: squares[i]!,
        along: Array.from(along[i]!),
        image: Array.from(image[i]!),
        imageOfProduct: Array.from(imageOfProduct[i]!),
      })
    }
    if (this.#sketched < this.#largestSketch && !this.isExact) {
      await this.#probes.append(block, rows)
      await this.#probeProducts.append(product, rows)
    }
  }
}
