import { NonFiniteError, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { fillRandom } from './fill-random.ts'
import type { KrylovBasis } from './krylov-basis.ts'
import { breakdownFactor } from './lanczos.ts'
import { OrthogonalityEstimate, type OrthogonalityEstimateState } from './orthogonality-estimate.ts'

/** Loss of orthogonality, in ε, that a vector may join the basis with. */
const lossUnits = 4

/** A vector of which a pass leaves less than this share is made orthogonal once more. */
const cancellation = 0.7

/** All of a {@link BlockLanczos} but its basis; JSON gives it back unchanged. */
export interface BlockLanczosState {
  readonly width: number
  readonly coupled: number
  readonly projected: readonly (readonly number[])[]
  readonly tail: readonly (readonly number[])[]
  readonly link: number
  readonly isArrow: boolean
  readonly scale: number
  readonly depth: number
  readonly estimate: OrthogonalityEstimateState
}

/** Takes the products of `rows` vectors. */
export type Apply = (input: Vector, rows: number, output: Vector) => Promise<void>

/**
 * A block Lanczos recurrence on a basis that may have been recombined: A·Qᵀ = Qᵀ·T + (Rᵀ·V)ᵀ at the newest rows, where
 * T is dense and small, and V are the directions to come.
 *
 * Rows of the basis beyond those of T are the next block. A single vector is made orthogonal to the two newest rows
 * and to the `coupled` ones that the recurrence cannot know of; to all others when an estimate of its loss says so, and
 * then the newest row with it, because the vectors to come inherit the losses of both: two share one pass through memory.
 * A block is made orthogonal to all rows every time, as its vectors share the pass anyway.
 */
export class BlockLanczos {
  readonly basis: KrylovBasis
  /** Vectors of a step. */
  width: number
  /** Leading rows that later vectors meet in every step. */
  coupled = 0
  /** T, symmetric, `[count, count]`. */
  projected: number[][] = []
  /** R, `[newest rows, directions to come]`: their parts of the products of the newest rows. */
  tail: number[][] = []
  /** Most rows of T so far. */
  depth = 0
  readonly #operator: LinearOperator
  readonly #estimate: OrthogonalityEstimate
  /** Of single vectors: the newest row and the one before, the even one first, and the product. */
  #lane: Vector
  #current: Vector
  #product: Vector
  #previous: Vector
  /** Row that `#current` holds, beside its place in the basis. */
  #currentRow = -1
  /** Row that `#previous` holds. */
  #previousRow = -1
  /** Directions to come for which the basis has no room; the first rows of `#product`. */
  #pending: { readonly rank: number; readonly length: number } | null = null
  /** Coupling of the newest row of T to the one after it. */
  #link = 0
  /** Whether the next product meets all rows: the first one after a restart. */
  #isArrow = false
  /** Largest product so far, at most ‖A‖. */
  #scale = 0

  constructor(operator: LinearOperator, basis: KrylovBasis, width: number) {
    this.#operator = operator
    this.basis = basis
    this.width = width
    this.#estimate = new OrthogonalityEstimate(operator.size, operator.space.epsilon)
    this.#lane = operator.space.allocate(width === 1 ? 3 : 0)
    const lane = (row: number): Vector =>
      this.#lane.subarray(row * operator.size, (row + 1) * operator.size)
    this.#current = width === 1 ? lane(0) : operator.space.allocate(width)
    this.#product = width === 1 ? lane(2) : operator.space.allocate(width)
    this.#previous = width === 1 ? lane(1) : operator.space.allocate(0)
  }

  /** Rows of the next step; 0 if the basis has no room for them: only {@link keep} makes some. */
  get ahead(): number {
    return this.basis.count - this.projected.length
  }

  get state(): BlockLanczosState {
    return {
      width: this.width,
      coupled: this.coupled,
      projected: this.projected,
      tail: this.tail,
      link: this.#link,
      isArrow: this.#isArrow,
      scale: this.#scale,
      depth: this.depth,
      estimate: this.#estimate.state,
    }
  }

  /** Takes over a state whose basis rows are in place. */
  restore(state: BlockLanczosState): void {
    this.widen(state.width)
    this.coupled = state.coupled
    this.projected = state.projected.map((row) => [...row])
    this.tail = state.tail.map((row) => [...row])
    this.depth = state.depth
    this.#link = state.link
    this.#isArrow = state.isArrow
    this.#scale = state.scale
    this.#estimate.restore(state.estimate)
  }

  /** Takes `width` vectors a step from now on; {@link fill} finds those that are missing. */
  widen(width: number): void {
    if (width === this.width) return
    this.width = width
    this.#current = this.#operator.space.allocate(width)
    this.#product = this.#operator.space.allocate(width)
    this.#previous = this.#operator.space.allocate(0)
    this.#lane = this.#previous
    this.#currentRow = -1
  }

  /** Fills the next block up with random directions, or with what is left of `starts`, `[width, n]`. */
  async fill(stream: RandomStream, starts?: Vector): Promise<void> {
    const { size, space } = this.#operator
    if (this.#pending !== null) return
    while (this.ahead < this.width && this.basis.count < this.basis.capacity) {
      const direction = space.allocate(1)
      const at = this.ahead * size
      if (starts === undefined) fillRandom(direction, stream)
      else direction.set(starts.subarray(at, at + size))
      await this.basis.pushDirection(direction, stream)
      if (this.ahead === 1) {
        this.#link = 0
        this.#estimate.reset(this.basis.count - 1)
      }
    }
  }

  /**
   * One application to the next block: its rows of T, and the block after it.
   *
   * @param nameOf - What the product of a row of the block is called in errors.
   */
  async step(apply: Apply, nameOf: (row: number) => string): Promise<void> {
    const { size } = this.#operator
    const [first, rows] = [this.projected.length, this.ahead]
    if (this.width === 1) this.#turnTo(first)
    if (this.#currentRow !== first) {
      for (let i = 0; i < rows; i += 1) {
        this.basis.readRow(first + i, this.#current.subarray(i * size, (i + 1) * size))
      }
    }
    await apply(this.#current, rows, this.#product)
    if (this.width === 1) await this.#absorbVector(nameOf(0))
    else await this.#absorbBlock(rows, nameOf)
    this.depth = Math.max(this.depth, this.projected.length)
  }

  /** A copy of the unit directions to come that the tail R speaks of, `[rank, n]`. */
  async readDirections(): Promise<Vector> {
    const { size, space } = this.#operator
    const rank = this.tail[0]?.length ?? 0
    const directions = space.allocate(rank)
    const { length } = this.#pending ?? { length: 1 }
    for (let i = 0; i < rank; i += 1) {
      const direction = directions.subarray(i * size, (i + 1) * size)
      if (this.#pending === null) this.basis.readRow(this.projected.length + i, direction)
      else {
        const unscaled = this.#product.subarray(i * size, (i + 1) * size)
        await space.setCombination(direction, 1, Float64Array.of(1 / length), unscaled, 1)
      }
    }
    return directions
  }

  /**
   * Replaces the rows of T by combinations C·Q that make it diagonal.
   *
   * @param combinations - Rows of C, orthonormal.
   * @param values - The diagonal.
   * @param isContinued - Whether the directions to come follow (a thick restart) or are dropped.
   */
  async keep(
    combinations: readonly Float64Array[],
    values: readonly number[],
    isContinued: boolean,
  ): Promise<void> {
    const width = this.projected.length
    const flat = new Float64Array(combinations.length * width)
    combinations.forEach((row, i) => {
      flat.set(row, i * width)
    })
    this.basis.truncate(width)
    await this.basis.recombine(flat, combinations.length)
    this.projected = values.map((value, i) => values.map((_, j) => (i === j ? value : 0)))
    const pending = this.#pending
    this.#pending = null
    this.#link = 0
    this.#currentRow = -1
    this.#previousRow = -1
    this.#isArrow = isContinued
    if (isContinued && pending !== null) await this.#pushDirections(pending)
  }

  async #pushDirections({ rank, length }: { rank: number; length: number }): Promise<void> {
    const { size, space } = this.#operator
    if (this.width === 1 && rank === 1) {
      // Where the next product reads it: that is cheaper than to read it back from the basis.
      const row = this.basis.count
      this.#turnTo(row)
      await space.setCombination(this.#current, 1, Float64Array.of(1 / length), this.#product, 1)
      await this.basis.push(this.#current, 1)
      this.#currentRow = row
      return
    }
    for (let i = 0; i < rank; i += 1) {
      await this.basis.push(this.#product.subarray(i * size, (i + 1) * size), length)
    }
  }

  /** Puts the directions to come into the basis, or keeps them until there is room. */
  async #take(directions: { rank: number; length: number }): Promise<void> {
    if (this.basis.count + directions.rank <= this.basis.capacity) {
      await this.#pushDirections(directions)
    } else this.#pending = directions
  }

  async #norm(w: Vector, where: string): Promise<number> {
    const norm = await this.#operator.space.norm(w)
    if (!Number.isFinite(norm)) throw new NonFiniteError(where)
    return norm
  }

  async #absorbVector(where: string): Promise<void> {
    const { space } = this.#operator
    const newest = this.projected.length
    const w = this.#product
    const column = new Array<number>(newest + 1).fill(0)
    let norm: number
    if (this.#isArrow) {
      const left = await this.basis.orthogonalize(w, where)
      left.coefficients.forEach((part, i) => (column[i] = part))
      norm = left.norm
      this.#append([column])
      this.#estimate.reset(newest + 1)
      this.#isArrow = false
    } else {
      await this.#removeNewest(w, column)
      if (this.coupled > 0) {
        const parts = await this.basis.project(w, 1, this.coupled)
        parts.forEach((part, i) => (column[i]! += part))
      }
      norm = await this.#norm(w, where)
      this.#append([column])
      norm = await this.#removeLoss(w, norm, where)
      this.#estimate.advance()
    }
    const lengthBefore = Math.hypot(norm, ...column)
    this.#scale = Math.max(this.#scale, lengthBefore)
    const hasClosed = norm <= breakdownFactor * space.epsilon * lengthBefore
    // Where it was moved within the lane it must be read again: rounding may not depend on what happened.
    this.#previousRow = this.#isCurrentFirst === (newest % 2 === 0) ? newest : -1
    this.#swap()
    this.tail = hasClosed ? [[]] : [[norm]]
    this.#link = hasClosed ? 0 : norm
    if (!hasClosed) await this.#take({ rank: 1, length: norm })
  }

  /** Removes the parts along the two newest rows, in one go; the one along the older is known. */
  async #removeNewest(w: Vector, column: number[]): Promise<void> {
    const { size, space } = this.#operator
    const newest = column.length - 1
    if (this.#link === 0) {
      column[newest] = await this.#removeAlong(this.#current, w)
      return
    }
    if (this.#previousRow !== newest - 1) this.basis.readRow(newest - 1, this.#previous)
    const [alpha] = await space.innerProducts(w, 1, this.#current, 1)
    column[newest - 1] = this.#link
    column[newest] = alpha!
    const parts = this.#isCurrentFirst ? [-alpha!, -this.#link] : [-this.#link, -alpha!]
    await space.addCombination(w, 1, Float64Array.from(parts), this.#lane.subarray(0, 2 * size), 2)
  }

  /** Makes the place of a row in the lane the current one: the first, if it is even. */
  #turnTo(row: number): void {
    if (this.#isCurrentFirst !== (row % 2 === 0)) this.#swap()
  }

  #swap(): void {
    ;[this.#current, this.#previous] = [this.#previous, this.#current]
  }

  /** Whether the newest row is the first of the lane. */
  get #isCurrentFirst(): boolean {
    return this.#current.byteOffset < this.#previous.byteOffset
  }

  /** Removes the part of w along a unit vector; gives it. */
  async #removeAlong(unit: Vector, w: Vector): Promise<number> {
    const { space } = this.#operator
    const [part] = await space.innerProducts(w, 1, unit, 1)
    await space.addCombination(w, 1, Float64Array.of(-part!), unit, 1)
    return part!
  }

  /**
   * Removes the parts along all rows if they may be too large, also those of the newest row; gives the length of what
   * is left.
   */
  async #removeLoss(w: Vector, norm: number, where: string): Promise<number> {
    const { size, space } = this.#operator
    const newest = this.projected.length - 1
    const scale = Math.max(this.#scale, Math.hypot(norm, ...this.projected[newest]!))
    const predicted = this.#estimate.predict(this.projected, norm, scale, this.coupled)
    if (newest === 0 || predicted <= lossUnits * space.epsilon) return norm
    if (this.#isCurrentFirst) {
      // Beside the product; the row before is not needed any more.
      this.#previous.set(this.#current)
      this.#swap()
    }
    const both = await this.basis.project(this.#lane.subarray(size), 2, newest)
    const parts = both.subarray(newest)
    await this.basis.replace(newest, this.#current)
    await this.#removeAlong(this.#current, w)
    parts.forEach((part, i) => {
      this.projected[newest]![i]! += part
      this.projected[i]![newest]! += part
    })
    const loss = parts.reduce((worst, part) => Math.max(worst, Math.abs(part)), 0) / norm
    this.#estimate.measured(predicted, loss)
    const left = await this.#norm(w, where)
    if (left >= cancellation * norm) return left
    // Little of it was new: where the space closes, rounding is all that is left.
    return (await this.basis.orthogonalize(w, where)).norm
  }

  async #absorbBlock(rows: number, nameOf: (row: number) => string): Promise<void> {
    const { rank, coefficients, factor } = await this.basis.orthogonalizeBlock(
      this.#product.subarray(0, rows * this.#operator.size),
      rows,
      nameOf,
    )
    const count = this.basis.count
    this.#append(
      Array.from({ length: rows }, (_, i) => [
        ...coefficients.subarray(i * count, (i + 1) * count),
      ]),
    )
    this.#isArrow = false
    this.tail = Array.from({ length: rows }, (_, i) => [
      ...factor.subarray(i * rank, (i + 1) * rank),
    ])
    await this.#take({ rank, length: 1 })
  }

  /** Appends rows `[rows, count + rows]` to T, and their columns; the corner is made symmetric. */
  #append(rows: readonly number[][]): void {
    const first = this.projected.length
    rows.forEach((row, i) => {
      rows.slice(0, i).forEach((other, j) => {
        const mean = (row[first + j]! + other[first + i]!) / 2
        row[first + j] = mean
        other[first + i] = mean
      })
    })
    this.projected.forEach((row, i) => row.push(...rows.map((added) => added[i]!)))
    this.projected.push(...rows)
  }
}
