import { fillNormal, fillSigns, NonFiniteError, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import {
  TraceProducts,
  type SamplingHooks,
  type TraceSampler,
  type TraceSamples,
} from './trace-sampler.ts'

/** Entries of a probe: signs (Rademacher) have the least variance among independent ones; normals for comparison. */
export type ProbeDistribution = 'signs' | 'normal'

/**
 * Hutchinson's samples: zᵀAz of tr A and ‖Az‖² of tr A².
 *
 * Cost: a product a sample; two blocks of the operator's liking held.
 *
 * @see Hutchinson, A stochastic estimator of the trace (1990)
 */
export class HutchinsonSampler implements TraceSampler {
  readonly isExact = false
  readonly leastSamples = 16
  readonly #products: TraceProducts
  readonly #stream: RandomStream
  readonly #distribution: ProbeDistribution
  #block: Vector
  #product: Vector
  readonly #samples: number[] = []
  readonly #squares: number[] = []

  constructor(
    operator: LinearOperator,
    stream: RandomStream,
    distribution: ProbeDistribution,
    hooks: SamplingHooks,
  ) {
    this.#products = new TraceProducts(operator, hooks)
    this.#stream = stream
    this.#distribution = distribution
    this.#block = operator.space.allocate(0)
    this.#product = operator.space.allocate(0)
  }

  get products(): number {
    return this.#products.made
  }

  async extend(products: number): Promise<void> {
    const { operator } = this.#products
    const { size, space } = operator
    const fill = this.#distribution === 'normal' ? fillNormal : fillSigns
    const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
    while (this.#samples.length < products) {
      const first = this.#samples.length
      const count = Math.min(operator.preferredRows, products - first)
      if (this.#block.length < count * size) {
        this.#block = space.allocate(count)
        this.#product = space.allocate(count)
      }
      for (let i = 0; i < count; i += 1) {
        fill(row(this.#block, i), this.#stream.fork('probe', first + i))
      }
      const name = (i: number): string => `probe ${first + i + 1}`
      const squares = await this.#products.apply(this.#block, count, this.#product, name)
      for (let i = 0; i < count; i += 1) {
        const [sample] = await space.innerProducts(row(this.#block, i), 1, row(this.#product, i), 1)
        if (!Number.isFinite(sample)) {
          throw new NonFiniteError(`the operator's product with ${name(i)}`)
        }
        this.#samples.push(sample!)
        this.#squares.push(squares[i]!)
      }
    }
  }

  samples(): TraceSamples {
    return { samples: this.#samples, squareSamples: this.#squares, withoutOne: null }
  }

  release(): Promise<void> {
    return Promise.resolve()
  }
}
