import { NonFiniteError, throwIfStopped } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import type { SolverState } from '../solver-state.ts'

/** What estimates of tr A and tr A² are made of: their means, with the covariance of the means from the spread. */
export interface TraceSamples {
  /** Samples of tr A, `[m]`. */
  readonly samples: readonly number[]
  /** Samples of tr A² from the same products, in the same order. */
  readonly squareSamples: readonly number[]
  /** Where samples depend on each other: both means with each random vector left out, `[m]`; null where they do not. */
  readonly withoutOne: {
    readonly traces: readonly number[]
    readonly squareTraces: readonly number[]
  } | null
}

/** A method of sampling tr A and tr A² that can always be given more products, and wastes none that it had. */
export interface TraceSampler {
  /** Products made. */
  readonly products: number
  /** Samples of which a spread that is small by luck is rare enough to stop on. */
  readonly leastSamples: number
  /** Whether the samples have nothing left to err by but rounding. */
  readonly isExact: boolean
  /**
   * Makes products until there are `products` in all, or a few less where they come in pairs.
   *
   * @param pause - Called after each block.
   */
  extend(products: number, pause: () => Promise<void>): Promise<void>
  samples(): TraceSamples
  /** Where it stands: after the last whole block, if it was stopped within one. */
  state(): SolverState
  release(): Promise<void>
}

/** How a sampler tells of its products, and is stopped. */
export interface SamplingHooks {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** The products of an operator with blocks of vectors: counted, checked and interruptible. */
export class TraceProducts {
  readonly operator: LinearOperator
  readonly #hooks: SamplingHooks
  #made: number

  /** @param made - Before an interruption. */
  constructor(operator: LinearOperator, hooks: SamplingHooks, made = 0) {
    this.operator = operator
    this.#hooks = hooks
    this.#made = made
  }

  get made(): number {
    return this.#made
  }

  /**
   * Writes A·v for each row and gives ‖A·v‖², in blocks of the operator's liking.
   *
   * @param what - Names row i of the block in the error.
   * @throws NonFiniteError if a product is not finite.
   * @throws StoppedError before a block if the signal says so.
   */
  async apply(
    block: Vector,
    rows: number,
    output: Vector,
    what: (row: number) => string,
  ): Promise<number[]> {
    const { operator } = this
    const { size, space, preferredRows } = operator
    const squares: number[] = []
    for (let from = 0; from < rows; from += preferredRows) {
      throwIfStopped(this.#hooks.signal)
      const count = Math.min(preferredRows, rows - from)
      const part = (buffer: Vector): Vector => buffer.subarray(from * size, (from + count) * size)
      await operator.apply(part(block), count, part(output))
      for (let i = from; i < from + count; i += 1) {
        const length = await space.norm(output.subarray(i * size, (i + 1) * size))
        if (!Number.isFinite(length)) {
          throw new NonFiniteError(`the operator's product with ${what(i)}`)
        }
        squares.push(length ** 2)
      }
      this.#made += count
      this.#hooks.onProgress?.(this.#made)
    }
    return squares
  }
}
