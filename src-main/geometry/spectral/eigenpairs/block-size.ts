import { monotonicMs } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'

/** What a block size was chosen from; JSON gives it back unchanged. */
export interface BlockSizeState {
  /** Milliseconds of each timed call, by rows. */
  readonly calls: readonly (readonly [rows: number, ms: number])[]
  /** The choice; null while it is open. */
  readonly chosen: number | null
}

/** Block sizes that are tried, ascending, if the one before was better. */
const candidates = [2, 4, 8]

/** Timed calls of a size; the first one, which may compile or allocate, does not count. Single vectors are never wasted. */
const callsOf = (rows: number): number => (rows === 1 ? 3 : 2)

/** More products for each further vector of a block: 320 with blocks of 8 where 250 were needed with single vectors. */
const extraProducts = 0.04

/** A larger block must save this share of the time: the figures it is judged by are rough. */
const leastGain = 0.15

/** Vectors longer than this are multiplied at the limit of arithmetic: nothing is tried. */
export const longestTrial = 2 ** 22

/**
 * Chooses the block size of a search by the measured cost of a product.
 *
 * The first steps take single vectors. Blocks are timed by repeating the vector at hand: the first row of their product is
 * that step's, the others are spent (and counted). A size is tried only if the one before it was clearly better.
 */
export class BlockSize {
  readonly #operator: LinearOperator
  readonly #largest: number
  #calls: (readonly [rows: number, ms: number])[] = []
  #chosen: number | null

  /** @param largest - Most rows of a block; of 1, nothing is measured. */
  constructor(operator: LinearOperator, wish: number | 'measured', largest: number) {
    this.#operator = operator
    this.#largest = Math.min(largest, operator.preferredRows)
    const isOpen = wish === 'measured' && this.#largest > 1 && operator.size <= longestTrial
    this.#chosen = isOpen ? null : wish === 'measured' ? 1 : wish
  }

  get state(): BlockSizeState {
    return { calls: this.#calls, chosen: this.#chosen }
  }

  restore(state: BlockSizeState): void {
    this.#calls = [...state.calls]
    this.#chosen = state.chosen
  }

  /** The choice; null while it is open. */
  get chosen(): number | null {
    return this.#chosen
  }

  /** Milliseconds of one vector's product by rows of the call, of those that were timed to choose. */
  get costs(): ReadonlyMap<number, number> {
    const rows = [...new Set(this.#calls.map(([count]) => count))]
    return new Map(rows.map((count) => [count, this.#costOf(count)]))
  }

  /** Takes products, and their time; gives how many it took. */
  async apply(input: Vector, rows: number, output: Vector): Promise<number> {
    const { size, space } = this.#operator
    if (this.#chosen !== null) {
      await this.#operator.apply(input, rows, output)
      return rows
    }
    const trial = this.#nextTrial()
    if (trial === rows) {
      await this.#timed(input, rows, output)
      return rows
    }
    const [block, products] = [space.allocate(trial), space.allocate(trial)]
    for (let i = 0; i < trial; i += 1) block.set(input.subarray(0, size), i * size)
    await this.#timed(block, trial, products)
    output.set(products.subarray(0, size))
    return trial
  }

  async #timed(input: Vector, rows: number, output: Vector): Promise<void> {
    const started = monotonicMs()
    await this.#operator.apply(input, rows, output)
    const ms = monotonicMs() - started
    this.#calls.push([rows, ms])
    this.#choose()
  }

  /** Of one vector: the least of all calls but the first. */
  #costOf(rows: number): number {
    const times = this.#calls.filter(([count]) => count === rows).map(([, ms]) => ms / rows)
    return Math.min(...(times.length > 1 ? times.slice(1) : times))
  }

  #isTimed(rows: number): boolean {
    return this.#calls.filter(([count]) => count === rows).length >= callsOf(rows)
  }

  #nextTrial(): number {
    return [1, ...candidates].find((rows) => !this.#isTimed(rows)) ?? 1
  }

  /** Time of a search with blocks of `rows`, in arbitrary units. */
  #timeOf(rows: number): number {
    return this.#costOf(rows) * (1 + extraProducts * (rows - 1))
  }

  #choose(): void {
    let best = 1
    if (!this.#isTimed(1)) return
    for (const rows of candidates.filter((count) => count <= this.#largest)) {
      if (!this.#isTimed(rows)) return
      if (this.#timeOf(rows) > (1 - leastGain) * this.#timeOf(best)) break
      best = rows
    }
    this.#chosen = best
  }
}
