import type { RowStore, Vector, VectorSpace } from '#geometry/operators'

/** Vectors that are appended in blocks, in a store that is exchanged for one of twice the room when full. */
export class TraceRows {
  readonly #space: VectorSpace
  #store: RowStore
  #count = 0

  private constructor(space: VectorSpace, store: RowStore) {
    this.#space = space
    this.#store = store
  }

  /** No rows yet, with room for `capacity`. */
  static async create(space: VectorSpace, capacity: number): Promise<TraceRows> {
    return new TraceRows(space, await space.createRows(capacity))
  }

  get count(): number {
    return this.#count
  }

  /** The store that holds them now, until the next append. */
  get store(): RowStore {
    return this.#store
  }

  /** Appends the first `rows` rows of a block, times a factor. */
  async append(block: Vector, rows: number, factor = 1): Promise<void> {
    const { size } = this.#space
    if (this.#count + rows > this.#store.capacity) await this.#grow(this.#count + rows)
    for (let i = 0; i < rows; i += 1) {
      await this.#store.write(this.#count + i, block.subarray(i * size, (i + 1) * size), factor)
    }
    this.#count += rows
  }

  /** ⟨vᵢ, rowⱼ⟩ of the first `rows` rows of a block with all rows, one array a row of the block. */
  async innerProducts(block: Vector, rows: number): Promise<Float64Array[]> {
    const flat =
      rows === 0 || this.#count === 0
        ? new Float64Array(0)
        : await this.#store.innerProducts(
            block.subarray(0, rows * this.#space.size),
            rows,
            this.#count,
          )
    return Array.from({ length: rows }, (_, i) =>
      flat.slice(i * this.#count, (i + 1) * this.#count),
    )
  }

  /** Copies all rows into `target`, from its row `at` on. */
  read(target: Vector, at: number): void {
    const { size } = this.#space
    for (let i = 0; i < this.#count; i += 1) {
      this.#store.read(i, target.subarray((at + i) * size, (at + i + 1) * size))
    }
  }

  async release(): Promise<void> {
    await this.#store.release()
  }

  async #grow(needed: number): Promise<void> {
    const larger = await this.#space.createRows(Math.max(needed, 2 * this.#store.capacity))
    const row = this.#space.allocate(1)
    for (let i = 0; i < this.#count; i += 1) {
      this.#store.read(i, row)
      await larger.write(i, row, 1)
    }
    await this.#store.release()
    this.#store = larger
  }
}
