import { fillNormal, invariant, type RandomStream } from '#base'
import type { RowStore, Vector, VectorSpace } from '#geometry/operators'
import { orthogonalizeBlock } from '../krylov/orthogonalize-block.ts'
import { lowerTriangle, symmetricOf } from '../krylov/symmetric-rows.ts'
import { eigenSymmetric, type SymmetricEigen } from '../krylov/tridiagonal.ts'

/** All of a basis but its vectors; plain data. */
export interface BlockBasisState {
  /** P's lower triangle. */
  readonly projected: readonly (readonly number[])[]
  readonly factor: readonly number[]
  readonly lastRows: number
  readonly starts: number
  readonly isRandom: boolean
  /** Rows of Q with those appended and not absorbed yet, and of V. */
  readonly stored: number
  readonly rows: number
}

/** A diagonal matrix, row by row. */
const diagonalRows = (values: ArrayLike<number>): number[][] =>
  Array.from({ length: values.length }, (_, i) =>
    Array.from({ length: values.length }, (_value, j) => (i === j ? values[i]! : 0)),
  )

/** Length of the random part of a vector to begin with, as a share of the rest. */
const randomShare = 0.1

/**
 * A block Lanczos basis of an operator B that is fed its products from outside: B·Qᵀ = Qᵀ·P + Vᵀ·Rᵀ, where R couples the rows of
 * the last block to the next block V, and P is small and dense.
 */
export class BlockBasis {
  readonly #space: VectorSpace
  readonly #store: RowStore
  readonly #stream: RandomStream
  #block: Vector
  #rows = 0
  #projected: number[][] = []
  /** R, `[lastRows, rows]`. */
  #factor: Float64Array = new Float64Array(0)
  #lastRows = 0
  #starts = 0
  #isRandom = false
  #appended = 0

  /** @param rows - Rows of a block. */
  constructor(space: VectorSpace, store: RowStore, rows: number, stream: RandomStream) {
    this.#space = space
    this.#store = store
    this.#stream = stream
    this.#block = space.allocate(rows)
  }

  /** Rows of Q. */
  get held(): number {
    return this.#projected.length
  }

  /** Rows of V. */
  get rows(): number {
    return this.#rows
  }

  /** V, to be overwritten with its products. */
  get block(): Vector {
    return this.#block
  }

  get hasRoom(): boolean {
    return this.held + this.#rows <= this.#store.capacity
  }

  get isWhole(): boolean {
    return this.held === this.#space.size
  }

  /** Mean of xᵀBx over the rows of the first block if they are random directions; null otherwise. */
  get randomMean(): number | null {
    if (!this.#isRandom) return null
    return this.#projected.reduce((sum, row, i) => sum + row[i]!, 0) / this.held
  }

  /** Whether Q is a block of no operator's: see {@link appendPlain}. */
  get isPlain(): boolean {
    return this.held > 0 && this.#lastRows === 0
  }

  get state(): BlockBasisState {
    return {
      projected: lowerTriangle(this.#projected),
      factor: [...this.#factor],
      lastRows: this.#lastRows,
      starts: this.#starts,
      isRandom: this.#isRandom,
      stored: this.held + this.#appended,
      rows: this.#rows,
    }
  }

  /** Writes Q, what was appended to it, and `block`, to the first `stored + rows` rows of `target`. */
  read(target: Vector): void {
    const { size } = this.#space
    const stored = this.held + this.#appended
    for (let i = 0; i < stored; i += 1) {
      this.#store.read(i, target.subarray(i * size, (i + 1) * size))
    }
    target.set(this.#block.subarray(0, this.#rows * size), stored * size)
  }

  /** Goes on from a state with the vectors that `read` wrote. */
  async restore(state: BlockBasisState, vectors: Vector): Promise<void> {
    const { size } = this.#space
    const { stored, rows } = state
    for (let i = 0; i < stored; i += 1) {
      await this.#store.write(i, vectors.subarray(i * size, (i + 1) * size), 1)
    }
    this.#block.set(vectors.subarray(stored * size, (stored + rows) * size))
    this.#projected = symmetricOf(state.projected)
    this.#factor = Float64Array.from(state.factor)
    this.#lastRows = state.lastRows
    this.#starts = state.starts
    this.#isRandom = state.isRandom
    this.#appended = stored - this.held
    this.#rows = rows
  }

  /** Begins anew with a random block. */
  async start(): Promise<void> {
    this.#projected = []
    this.#appended = 0
    this.#isRandom = true
    await this.#drawBlock()
  }

  /** Appends V to Q; {@link absorb} follows, and `held` counts it from then on. */
  async append(): Promise<void> {
    const { size } = this.#space
    for (let i = 0; i < this.#rows; i += 1) {
      await this.#store.write(this.held + i, this.#block.subarray(i * size, (i + 1) * size), 1)
    }
    this.#appended = this.#rows
  }

  /** Takes B·V, which stands in `block`: the next rows of P, and the next V. */
  async absorb(): Promise<void> {
    const [first, rows] = [this.held, this.#rows]
    const held = first + rows
    this.#projected.forEach((row) => row.push(...new Array<number>(rows).fill(0)))
    for (let i = 0; i < rows; i += 1) this.#projected.push(new Array<number>(held).fill(0))
    this.#lastRows = rows
    this.#appended = 0
    const parts = await this.#orthogonalize(rows)
    for (let i = 0; i < rows; i += 1) {
      for (let j = 0; j < held; j += 1) {
        const part = parts[i * held + j]!
        const other = j >= first ? parts[(j - first) * held + first + i]! : part
        this.#projected[first + i]![j] = (part + other) / 2
        this.#projected[j]![first + i] = (part + other) / 2
      }
    }
    if (this.#rows === 0 && held < this.#space.size) await this.#drawBlock()
  }

  /** Appends V to an empty basis as if B were the identity. */
  async appendPlain(): Promise<void> {
    await this.append()
    this.#projected = diagonalRows(new Array<number>(this.#rows).fill(1))
    this.#appended = 0
    this.#lastRows = 0
  }

  /** Makes all of the space the basis, as if B were the identity. */
  async takeWhole(): Promise<void> {
    const { size } = this.#space
    for (let i = 0; i < size; i += 1) {
      const unit = this.#space.allocate(1)
      unit[i] = 1
      await this.#store.write(i, unit, 1)
    }
    this.#projected = diagonalRows(new Array<number>(size).fill(1))
  }

  /** Ritz values of B, descending. */
  eigen(): SymmetricEigen {
    const { values, vectors } = eigenSymmetric(this.#projected)
    return { values: values.toReversed(), vectors: vectors.toReversed() }
  }

  /** ‖Bx − πx‖ of Ritz vector `index`. */
  ritzResidual(ritz: SymmetricEigen, index: number): number {
    const vector = ritz.vectors[index]!
    const first = vector.length - this.#lastRows
    let square = 0
    for (let j = 0; j < this.#rows; j += 1) {
      let sum = 0
      for (let i = 0; i < this.#lastRows; i += 1) {
        sum += vector[first + i]! * this.#factor[i * this.#rows + j]!
      }
      square += sum * sum
    }
    return Math.sqrt(square)
  }

  /** The first Ritz vectors, `[count, n]`. */
  async ritzVectors(ritz: SymmetricEigen, count: number): Promise<Vector> {
    const vectors = this.#space.allocate(count)
    await this.#store.addTo(vectors, count, this.#coefficients(ritz, count), this.held)
    return vectors
  }

  /** Thick restart: keeps the first `kept` Ritz vectors, and V. */
  async shrink(ritz: SymmetricEigen, kept: number): Promise<void> {
    await this.#store.recombine(this.#coefficients(ritz, kept), kept, this.held)
    this.#projected = diagonalRows(ritz.values.subarray(0, kept))
  }

  /**
   * Begins anew, for another B, with the first Ritz vectors as V and a little of random directions in each: a direction that
   * all of them lack could not be found from them.
   */
  async restart(ritz: SymmetricEigen, kept: number): Promise<void> {
    const { size } = this.#space
    await this.shrink(ritz, kept)
    for (let i = 0; i < kept; i += 1) {
      this.#store.read(i, this.#block.subarray(i * size, (i + 1) * size))
    }
    this.#starts += 1
    const random = this.#space.allocate(1)
    const stream = this.#stream.fork('restart', this.#starts)
    for (let i = 0; i < kept; i += 1) {
      fillNormal(random, stream)
      const factor = Float64Array.of(randomShare / Math.sqrt(size))
      const row = this.#block.subarray(i * size, (i + 1) * size)
      await this.#space.addCombination(row, 1, factor, random, 1)
    }
    this.#projected = []
    this.#isRandom = false
    await this.#orthogonalize(kept)
  }

  /** max |QᵀQ − I|. */
  async orthogonalityLoss(): Promise<number> {
    const { held } = this
    const gram = await this.#store.gram(held)
    return gram.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - (i % (held + 1) === 0 ? 1 : 0))),
      0,
    )
  }

  #coefficients(ritz: SymmetricEigen, count: number): Float64Array {
    const coefficients = new Float64Array(count * this.held)
    for (let i = 0; i < count; i += 1) coefficients.set(ritz.vectors[i]!, i * this.held)
    return coefficients
  }

  /** Makes V random directions orthogonal to the basis, not coupled to it. */
  async #drawBlock(): Promise<void> {
    const { size } = this.#space
    this.#starts += 1
    fillNormal(this.#block, this.#stream.fork('block', this.#starts))
    await this.#orthogonalize(Math.min(this.#block.length / size, size - this.held))
    invariant(this.#rows > 0, 'random directions must add to a basis that is not full')
    this.#factor = new Float64Array(this.#lastRows * this.#rows)
  }

  /** Makes the block's first rows V; gives their parts along the basis, `[rows, held]`. */
  async #orthogonalize(rows: number): Promise<Float64Array> {
    const block = this.#block.subarray(0, rows * this.#space.size)
    const { rank, coefficients, factor } = await orthogonalizeBlock(this.#space, block, rows, {
      store: this.#store,
      count: this.held,
    })
    this.#rows = rank
    this.#factor = factor
    return coefficients
  }
}
