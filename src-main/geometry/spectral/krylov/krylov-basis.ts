import { NonFiniteError, type RandomStream } from '#base'
import type { RowStore, Vector, VectorSpace } from '#geometry/operators'
import { fillRandom } from './fill-random.ts'
import { orthogonalizeBlock, type OrthogonalizedBlock } from './orthogonalize-block.ts'

/** Below this share of its former length a vector has cancelled and is orthogonalized again (DGKS). */
const cancellation = 0.7

/** What is left of a vector after its parts along a basis are removed. */
export interface Orthogonalized {
  /** Parts removed, `[count]`: ⟨qᵢ, w⟩. */
  readonly coefficients: Float64Array
  /** Length of what is left. */
  readonly norm: number
  /** Length before. */
  readonly lengthBefore: number
}

/** Orthonormal rows that grow one at a time, in a store made once; where it lies is the space's affair. */
export class KrylovBasis {
  readonly space: VectorSpace
  readonly capacity: number
  readonly #store: RowStore
  #count = 0

  private constructor(space: VectorSpace, store: RowStore) {
    this.space = space
    this.capacity = store.capacity
    this.#store = store
  }

  /** An empty basis with room for `capacity` rows. */
  static async create(space: VectorSpace, capacity: number): Promise<KrylovBasis> {
    return new KrylovBasis(space, await space.createRows(capacity))
  }

  get count(): number {
    return this.#count
  }

  /** Row i: a view where rows lie whole, a copy elsewhere; not to be written. */
  row(index: number): Vector {
    return this.#store.row(index)
  }

  /** Copies row i into `target`, `[n]`. */
  readRow(index: number, target: Vector): void {
    this.#store.read(index, target)
  }

  /** A copy of the first rows, `[rowCount, n]`. */
  readRows(rowCount: number): Vector {
    const { size } = this.space
    const block = this.space.allocate(rowCount)
    for (let i = 0; i < rowCount; i += 1) {
      this.#store.read(i, block.subarray(i * size, (i + 1) * size))
    }
    return block
  }

  /**
   * Removes from w its parts along the basis, in place: Gram–Schmidt, and a second pass if the first
   * one cancelled.
   *
   * @throws NonFiniteError naming `where` if w is not finite.
   */
  async orthogonalize(w: Vector, where: string): Promise<Orthogonalized> {
    const coefficients = new Float64Array(this.#count)
    const lengthBefore = await this.#norm(w, where)
    let norm = lengthBefore
    if (this.#count === 0) return { coefficients, norm, lengthBefore }
    for (let pass = 0; pass < 2; pass += 1) {
      const before = norm
      const parts = await this.#store.innerProducts(w, 1, this.#count)
      await this.#store.addTo(
        w,
        1,
        parts.map((part) => -part),
        this.#count,
      )
      parts.forEach((part, i) => (coefficients[i]! += part))
      norm = await this.#norm(w, where)
      if (norm >= cancellation * before) break
    }
    return { coefficients, norm, lengthBefore }
  }

  /** Removes from the rows of a block their parts along the first `count` rows, in place and in one pass; gives them, `[rows, count]`. */
  async project(block: Vector, rows: number, count: number): Promise<Float64Array> {
    const parts = await this.#store.innerProducts(block, rows, count)
    await this.#store.addTo(
      block,
      rows,
      parts.map((part) => -part),
      count,
    )
    return parts
  }

  /** target ← target + Σ cᵢ·(row i). */
  add(target: Vector, coefficients: Float64Array): Promise<void> {
    return this.#store.addTo(target, 1, coefficients, coefficients.length)
  }

  /** Makes a block orthonormal to the basis and in itself, in place: {@link orthogonalizeBlock}. */
  orthogonalizeBlock(
    block: Vector,
    rows: number,
    where: (row: number) => string,
  ): Promise<OrthogonalizedBlock> {
    const basis = { store: this.#store, count: this.#count }
    return orthogonalizeBlock(this.space, block, rows, basis, where)
  }

  /** Puts v, of length 1, in the place of a row. */
  replace(index: number, v: Vector): Promise<void> {
    return this.#store.write(index, v, 1)
  }

  /** Appends w/‖w‖; w is orthogonal to the basis. */
  async push(w: Vector, norm: number): Promise<void> {
    await this.#store.write(this.#count, w, 1 / norm)
    this.#count += 1
  }

  /**
   * Appends a direction orthogonal to the basis: what is left of w (overwritten), or of another random vector if
   * that is rounding.
   */
  async pushDirection(w: Vector, stream: RandomStream): Promise<void> {
    for (;;) {
      const { norm, lengthBefore } = await this.orthogonalize(w, 'a starting vector')
      if (norm >= cancellation * lengthBefore && norm > 0) return this.push(w, norm)
      // In a nearly full space, or near a vector of the basis, it cancels more than once.
      const again = await this.orthogonalize(w, 'a starting vector')
      if (again.norm >= cancellation * norm && again.norm > 0) return this.push(w, again.norm)
      fillRandom(w, stream)
    }
  }

  /** Appends a random direction orthogonal to the basis, which is not full. */
  async pushRandom(stream: RandomStream): Promise<void> {
    const w = this.space.allocate(1)
    fillRandom(w, stream)
    await this.pushDirection(w, stream)
  }

  /** Replaces the basis by combinations of its rows, C `[rowCount, count]` with orthonormal rows. */
  async recombine(coefficients: Float64Array, rowCount: number): Promise<void> {
    await this.#store.recombine(coefficients, rowCount, this.#count)
    this.#count = rowCount
  }

  /** Forgets the rows after the first `count`. */
  truncate(count: number): void {
    this.#count = Math.min(this.#count, count)
  }

  /** max |QᵀQ − I|. */
  async orthogonalityLoss(): Promise<number> {
    const count = this.#count
    const gram = await this.#store.gram(count)
    return gram.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - (i % (count + 1) === 0 ? 1 : 0))),
      0,
    )
  }

  /** Frees the rows. */
  release(): Promise<void> {
    return this.#store.release()
  }

  async #norm(w: Vector, where: string): Promise<number> {
    const norm = await this.space.norm(w)
    if (!Number.isFinite(norm)) throw new NonFiniteError(where)
    return norm
  }
}
