import { NonFiniteError, type RandomStream, fillNormal } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'

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

/** Orthonormal rows that grow one at a time, in a buffer allocated once. */
export class KrylovBasis {
  readonly space: VectorSpace
  readonly capacity: number
  /** `[capacity, n]`; the first `count` rows are in use. */
  readonly rows: Vector
  #count = 0

  constructor(space: VectorSpace, capacity: number) {
    this.space = space
    this.capacity = capacity
    this.rows = space.allocate(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Row i as a view. */
  row(index: number): Vector {
    const { size } = this.space
    return this.rows.subarray(index * size, (index + 1) * size)
  }

  /**
   * Removes from w its parts along the basis, in place: Gram–Schmidt, and a second pass if the first
   * one cancelled.
   *
   * @throws NonFiniteError naming `where` if w is not finite.
   */
  async orthogonalize(w: Vector, where: string): Promise<Orthogonalized> {
    const { space } = this
    const coefficients = new Float64Array(this.#count)
    const lengthBefore = await this.#norm(w, where)
    let norm = lengthBefore
    if (this.#count === 0) return { coefficients, norm, lengthBefore }
    for (let pass = 0; pass < 2; pass += 1) {
      const before = norm
      const parts = await space.innerProducts(w, 1, this.rows, this.#count)
      await space.addCombination(
        w,
        1,
        parts.map((part) => -part),
        this.rows,
        this.#count,
      )
      parts.forEach((part, i) => (coefficients[i]! += part))
      norm = await this.#norm(w, where)
      if (norm >= cancellation * before) break
    }
    return { coefficients, norm, lengthBefore }
  }

  /** Appends w/‖w‖; w is orthogonal to the basis. */
  async push(w: Vector, norm: number): Promise<void> {
    const target = this.row(this.#count)
    await this.space.setCombination(target, 1, Float64Array.of(1 / norm), w, 1)
    this.#count += 1
  }

  /** Appends a random direction orthogonal to the basis. */
  async pushRandom(stream: RandomStream): Promise<void> {
    const w = this.space.allocate(1)
    fillNormal(w, stream)
    // Twice from the start: a random vector in a nearly full space cancels more than once.
    await this.orthogonalize(w, 'a random vector')
    const { norm } = await this.orthogonalize(w, 'a random vector')
    await this.push(w, norm)
  }

  /** Replaces the basis by combinations of its rows, C `[rowCount, count]` with orthonormal rows. */
  async recombine(coefficients: Float64Array, rowCount: number): Promise<void> {
    const combined = this.space.allocate(rowCount)
    await this.space.setCombination(combined, rowCount, coefficients, this.rows, this.#count)
    this.rows.set(combined)
    this.#count = rowCount
  }

  /** Forgets the rows after the first `count`. */
  truncate(count: number): void {
    this.#count = Math.min(this.#count, count)
  }

  /** max |QᵀQ − I|. */
  async orthogonalityLoss(): Promise<number> {
    const count = this.#count
    const gram = await this.space.innerProducts(this.rows, count, this.rows, count)
    return gram.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - (i % (count + 1) === 0 ? 1 : 0))),
      0,
    )
  }

  async #norm(w: Vector, where: string): Promise<number> {
    const [square] = await this.space.innerProducts(w, 1, w, 1)
    if (!Number.isFinite(square)) throw new NonFiniteError(where)
    return Math.sqrt(square!)
  }
}
