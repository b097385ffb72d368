import type { BlockAlgebra } from '#tensor/runtime'

/** What becomes of a pair along which the gradient does not grow as it does in a convex function. */
export type PairPolicy = 'skip' | 'damp'

/** A step along the direction of a memory, and what it did to a gradient. */
export interface StepEnds {
  readonly from: Float32Array
  readonly to: Float32Array
  /** The gradient at `from`, of the rows that the pair is taken on. */
  readonly before: Float32Array
  /** The same at `to`. */
  readonly after: Float32Array
  /** The gradient that the direction was made from. */
  readonly gradient: Float32Array
  /** t, by which the direction was multiplied. */
  readonly stepLength: number
}

/** ⟨s, y⟩ up to this share of ‖s‖·‖y‖ is rounding in float32, or curvature that is not positive. */
const smallestCosine = 1e-6

/** Powell's damping keeps ⟨s, y⟩ at or above this share of ⟨s, B·s⟩. */
const dampedShare = 0.2

/**
 * The last pairs s = Δx, y = Δ∇f, and the product of their inverse Hessian approximation with a vector.
 *
 * Vectors stay in one flat buffer, which is the memory's whole state but for its two counters; each of the 4m operations
 * of a product reads a vector once, dot products in float64 where the runtime's block algebra has them so.
 *
 * @see Nocedal and Wright, Numerical Optimization (2006), algorithm 7.4; damping: procedure 18.2
 */
export class LbfgsMemory {
  readonly #algebra: BlockAlgebra
  readonly #steps: readonly Float32Array[]
  readonly #changes: readonly Float32Array[]
  readonly #policy: PairPolicy
  /** Room for the pair that may be kept, and for vectors in between. */
  readonly #newStep: Float32Array
  readonly #newChange: Float32Array
  /** 1/⟨s, y⟩ a row. */
  readonly #rho: Float64Array
  #count = 0
  #next = 0
  /** H₀ = γ·I. */
  #scale = 1

  /** @param vectors - `[2·m, n]`: the rows of s, then those of y; written in place. */
  constructor(algebra: BlockAlgebra, vectors: Float32Array, capacity: number, policy: PairPolicy) {
    const size = vectors.length / (2 * capacity)
    const rows = Array.from({ length: 2 * capacity }, (_, i) =>
      vectors.subarray(i * size, (i + 1) * size),
    )
    this.#algebra = algebra
    this.#steps = rows.slice(0, capacity)
    this.#changes = rows.slice(capacity)
    this.#policy = policy
    this.#newStep = new Float32Array(size)
    this.#newChange = new Float32Array(size)
    this.#rho = new Float64Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Row that the next pair goes to. */
  get next(): number {
    return this.#next
  }

  /** Forgets all pairs. */
  clear(): void {
    this.#count = 0
    this.#next = 0
    this.#scale = 1
  }

  /** Goes on with rows that were put into the buffer from outside. */
  async restore(count: number, next: number): Promise<void> {
    this.clear()
    this.#count = count
    this.#next = next
    for (const row of this.#rowsFromNewest()) {
      this.#rho[row] = 1 / (await this.#dot(this.#steps[row]!, this.#changes[row]!))
    }
    const newest = this.#rowsFromNewest()[0]
    if (newest !== undefined) await this.#rescale(newest)
  }

  /**
   * Takes the pair (to − from, after − before) if curvature is positive along it; not if a number of it is not finite.
   *
   * @returns Whether it was kept.
   */
  async add({ from, to, before, after, gradient, stepLength }: StepEnds): Promise<boolean> {
    const row = this.#next
    const [s, y] = [this.#newStep, this.#newChange]
    await this.#difference(s, to, from)
    await this.#difference(y, after, before)
    if (this.#policy === 'damp') await this.#damp(s, y, gradient, stepLength)
    const product = await this.#dot(s, y)
    const length = Math.sqrt((await this.#dot(s, s)) * (await this.#dot(y, y)))
    if (!(product > smallestCosine * length)) return false
    this.#steps[row]!.set(s)
    this.#changes[row]!.set(y)
    this.#rho[row] = 1 / product
    this.#next = (row + 1) % this.#steps.length
    this.#count = Math.min(this.#count + 1, this.#steps.length)
    await this.#rescale(row)
    return true
  }

  /** target ← −H·gradient. */
  async direction(target: Float32Array, gradient: Float32Array): Promise<void> {
    await this.#scaled(target, gradient, -1)
    const rows = this.#rowsFromNewest()
    const shares = new Map<number, number>()
    for (const row of rows) {
      const share = this.#rho[row]! * (await this.#dot(this.#steps[row]!, target))
      shares.set(row, share)
      await this.#add(target, this.#changes[row]!, -share)
    }
    if (rows.length > 0) {
      await this.#scaled(this.#newStep, target, this.#scale)
      target.set(this.#newStep)
    }
    for (const row of rows.toReversed()) {
      const share = this.#rho[row]! * (await this.#dot(this.#changes[row]!, target))
      await this.#add(target, this.#steps[row]!, shares.get(row)! - share)
    }
  }

  #rowsFromNewest(): number[] {
    const capacity = this.#steps.length
    return Array.from(
      { length: this.#count },
      (_, age) => (this.#next - 1 - age + 2 * capacity) % capacity,
    )
  }

  /** y ← θ·y + (1 − θ)·B·s, so that ⟨s, y⟩ ≥ ⅕·⟨s, B·s⟩; B·s = −t·∇f, as s = −t·H·∇f. */
  async #damp(s: Float32Array, y: Float32Array, gradient: Float32Array, t: number): Promise<void> {
    const expected = -t * (await this.#dot(s, gradient))
    const product = await this.#dot(s, y)
    if (product >= dampedShare * expected) return
    const theta = ((1 - dampedShare) * expected) / (expected - product)
    const curved = y.slice()
    await this.#scaled(y, curved, theta)
    await this.#add(y, gradient, -t * (1 - theta))
  }

  /** γ = ⟨s, y⟩ / ⟨y, y⟩ of the newest pair. */
  async #rescale(row: number): Promise<void> {
    const y = this.#changes[row]!
    this.#scale = 1 / (this.#rho[row]! * (await this.#dot(y, y)))
  }

  async #dot(a: Float32Array, b: Float32Array): Promise<number> {
    return (await this.#algebra.innerProducts(a, 1, b, 1))[0]!
  }

  #add(target: Float32Array, vector: Float32Array, factor: number): Promise<void> {
    return this.#algebra.combine(target, 1, Float64Array.of(factor), vector, 1, true)
  }

  #scaled(target: Float32Array, vector: Float32Array, factor: number): Promise<void> {
    return this.#algebra.combine(target, 1, Float64Array.of(factor), vector, 1, false)
  }

  async #difference(target: Float32Array, a: Float32Array, b: Float32Array): Promise<void> {
    target.set(a)
    await this.#add(target, b, -1)
  }
}
