/** What an {@link OrthogonalityEstimate} goes on from. */
export interface OrthogonalityEstimateState {
  readonly noise: number
  readonly newest: readonly number[]
  readonly previous: readonly number[]
}

/** Share of ε that rounding adds at first, before any loss has been measured. */
const firstNoise = 0.25

/** A loss measured moves the share by these factors at most: up fast, down slowly, as too small a share is found out too late. */
const [leastChange, largestChange] = [0.5, 4]

/**
 * How far the next vector of a Lanczos recurrence is from being orthogonal to the earlier ones, without reading them.
 *
 * With ω_{k,j} = ⟨q_k, q_j⟩, T the projected matrix and α, β its entries at the newest vectors,
 *
 * β·ω_{k+1,j} = Σ_i T_{ji}·ω_{k,i} − α·ω_{k,j} − β′·ω_{k−1,j} + rounding,
 *
 * because A is symmetric: what a Ritz value gains, its vector loses in orthogonality. What rounding adds is not
 * known beforehand: every time the loss is measured (that is, removed), it sets the size of it.
 *
 * Cost: O(k²) a step, no vector is read.
 *
 * @see Simon, The Lanczos algorithm with partial reorthogonalization (1984)
 */
export class OrthogonalityEstimate {
  readonly #epsilon: number
  readonly #leastNoise: number
  #noise = firstNoise
  /** Of the newest basis vector with those before it. */
  #newest: readonly number[] = []
  /** Of the one before. */
  #previous: readonly number[] = []
  /** Of the vector to come. */
  #next: number[] = []

  constructor(size: number, epsilon: number) {
    this.#epsilon = epsilon
    // A rounding error that points anywhere meets a unit vector in 1/√n of its length.
    this.#leastNoise = 1 / Math.sqrt(size)
  }

  get state(): OrthogonalityEstimateState {
    return { noise: this.#noise, newest: this.#newest, previous: this.#previous }
  }

  restore(state: OrthogonalityEstimateState): void {
    this.#noise = state.noise
    this.#newest = state.newest
    this.#previous = state.previous
  }

  /** Loss of a vector that has just been made orthogonal. */
  get #floor(): number {
    return this.#noise * this.#epsilon
  }

  /** The newest vector has just been made orthogonal to the `count` before it, and so has the one before. */
  reset(count: number): void {
    this.#newest = new Array<number>(count).fill(this.#floor)
    this.#previous = this.#newest
  }

  /**
   * Estimates the loss of the vector after the newest one.
   *
   * @param projected - T with the newest vector's column, `[k + 1, k + 1]`.
   * @param coupling - β.
   * @param scale - ‖A‖, or what is known of it.
   * @param clean - Leading vectors along which its parts were removed.
   * @returns max |ω|.
   */
  predict(
    projected: readonly (readonly number[])[],
    coupling: number,
    scale: number,
    clean: number,
  ): number {
    const newest = projected.length - 1
    const [alpha, before] = [
      projected[newest]![newest]!,
      newest > 0 ? projected[newest]![newest - 1]! : 0,
    ]
    const noise = (this.#floor * scale) / coupling
    this.#next = Array.from({ length: newest + 1 }, (_, j) => {
      if (j < clean) return this.#floor
      if (j >= newest - 1) return noise
      const row = projected[j]!
      let sum = -alpha * this.#newest[j]! - before * (this.#previous[j] ?? 0)
      for (let i = 0; i < newest; i += 1) sum += row[i]! * this.#newest[i]!
      return sum / coupling + (sum < 0 ? -noise : noise)
    })
    return this.#next.reduce((worst, omega) => Math.max(worst, Math.abs(omega)), 0)
  }

  /** The vector predicted was measured: its loss was `loss`, and is removed, as is the newest one's. */
  measured(predicted: number, loss: number): void {
    const change = (2 * loss) / predicted
    // Neither number means anything where the recurrence ends.
    if (Number.isFinite(change)) {
      const bounded = Math.min(largestChange, Math.max(leastChange, change))
      this.#noise = Math.min(1, Math.max(this.#leastNoise, this.#noise * bounded))
    }
    this.#next = this.#next.map(() => this.#floor)
    this.#newest = this.#newest.map(() => this.#floor)
  }

  /** The vector predicted joins the basis. */
  advance(): void {
    this.#previous = this.#newest
    this.#newest = this.#next
  }
}
