import { fillNormal, fillSigns, NonFiniteError, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import type { SolverState } from '../solver-state.ts'
import {
  TraceProducts,
  type SamplingHooks,
  type TraceSampler,
  type TraceSamples,
} from './trace-sampler.ts'

/** Entries of a probe: signs (Rademacher) have the least variance among independent ones; normals for comparison. */
export type ProbeDistribution = 'signs' | 'normal'

/** What is kept of the probes: the next one's number follows, and all else from that. */
interface SampledSoFar {
  readonly samples: readonly number[]
  readonly squares: readonly number[]
}

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
  readonly #samples: number[]
  readonly #squares: number[]

  constructor(options: {
    readonly operator: LinearOperator
    readonly stream: RandomStream
    readonly distribution: ProbeDistribution
    readonly hooks: SamplingHooks
    /** As `state` gave it. */
    readonly saved?: SolverState | undefined
  }) {
    const { operator, stream, distribution, hooks, saved } = options
    const { samples, squares } = (saved?.header ?? { samples: [], squares: [] }) as SampledSoFar
    this.#products = new TraceProducts(operator, hooks, samples.length)
    this.#samples = [...samples]
    this.#squares = [...squares]
    this.#stream = stream
    this.#distribution = distribution
    this.#block = operator.space.allocate(0)
    this.#product = operator.space.allocate(0)
  }

  get products(): number {
    return this.#products.made
  }

  async extend(products: number, pause: () => Promise<void>): Promise<void> {
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
      await pause()
    }
  }

  samples(): TraceSamples {
    return { samples: this.#samples, squareSamples: this.#squares, withoutOne: null }
  }

  state(): SolverState {
    const header: SampledSoFar = { samples: [...this.#samples], squares: [...this.#squares] }
    return { header, rows: 0, vectors: this.#products.operator.space.allocate(0) }
  }

  release(): Promise<void> {
    return Promise.resolve()
  }
}
