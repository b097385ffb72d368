import type { Vector, VectorSpace } from '#geometry/operators'
import { orthogonalizeBlock } from '../krylov/orthogonalize-block.ts'
import { lowerTriangle, symmetricOf } from '../krylov/symmetric-rows.ts'
import { TraceRows } from './trace-rows.ts'
import type { TraceProducts } from './trace-sampler.ts'

/** Vectors that a sketch takes at once: each block reads all earlier ones about ten times, whatever its rows. */
export const sketchRows = 8

/** Random vectors of a sketch that grows for a precision: so many hold 4 (Hutch++) or 3 (XTrace) vectors each. */
export const largestSketch = 256

/** xᵀMy of vectors no longer than M; entries that are missing are 0. */
export function bilinear(
  x: ArrayLike<number>,
  matrix: readonly ArrayLike<number>[],
  y: ArrayLike<number>,
): number {
  let sum = 0
  for (let i = 0; i < x.length; i += 1) {
    const row = matrix[i]!
    let part = 0
    for (let j = 0; j < y.length; j += 1) part += row[j]! * y[j]!
    sum += x[i]! * part
  }
  return sum
}

/** Σ xᵢ·yᵢ over the shorter of both. */
export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < Math.min(x.length, y.length); i += 1) sum += x[i]! * y[i]!
  return sum
}

/** Σ Mᵢᵢ. */
export const traceOf = (matrix: readonly ArrayLike<number>[]): number =>
  matrix.reduce((sum, row, i) => sum + row[i]!, 0)

/** The small matrices of a sketch, by their lower triangles. */
export interface SketchMatrices {
  readonly imageScale: number
  readonly projected: readonly (readonly number[])[]
  readonly imageGram: readonly (readonly number[])[]
}

/**
 * An orthonormal basis Q of the range of A on random vectors, which holds the leading eigenvectors nearly, with Z = AQ and
 * the small matrices QᵀAQ and ZᵀZ. It grows by blocks.
 */
export class TraceSketch {
  readonly #products: TraceProducts
  readonly basis: TraceRows
  /** Z/`imageScale`, row by row as the basis. */
  readonly images: TraceRows
  /** H = QᵀAQ, `[rank, rank]`. */
  readonly projected: number[][] = []
  /** ZᵀZ, `[rank, rank]`. */
  readonly imageGram: number[][] = []

  #imageScale = 0

  private constructor(products: TraceProducts, basis: TraceRows, images: TraceRows) {
    this.#products = products
    this.basis = basis
    this.images = images
  }

  /**
   * @param saved - An interrupted sketch: its matrices, as `matrices` gave them, and vectors that begin with all of its basis and then
   *   all images, `[2·rank, n]`. Left out: an empty one.
   */
  static async open(
    products: TraceProducts,
    capacity: number,
    saved?: { readonly matrices: SketchMatrices; readonly vectors: Vector },
  ): Promise<TraceSketch> {
    const { size, space } = products.operator
    const sketch = new TraceSketch(
      products,
      await TraceRows.create(space, capacity),
      await TraceRows.create(space, capacity),
    )
    if (saved === undefined) return sketch
    const { matrices, vectors } = saved
    const rank = matrices.projected.length
    await sketch.basis.append(vectors, rank)
    await sketch.images.append(vectors.subarray(rank * size), rank)
    sketch.#imageScale = matrices.imageScale
    sketch.projected.push(...symmetricOf(matrices.projected))
    sketch.imageGram.push(...symmetricOf(matrices.imageGram))
    return sketch
  }

  /**
   * A power of 2 about as large as the first images, so that inner products of two of them are of float32's range wherever A is;
   * 0 while all are 0.
   */
  get imageScale(): number {
    return this.#imageScale
  }

  get rank(): number {
    return this.basis.count
  }

  /** H and ZᵀZ as plain data. */
  get matrices(): SketchMatrices {
    return {
      imageScale: this.#imageScale,
      projected: lowerTriangle(this.projected),
      imageGram: lowerTriangle(this.imageGram),
    }
  }

  /** Copies all of the basis and all images into the first `2·rank` rows of `target`. */
  read(target: Vector): void {
    this.basis.read(target, 0)
    this.images.read(target, this.rank)
  }

  /** Whether Q spans the whole space. */
  get isFull(): boolean {
    return this.rank >= this.#products.operator.size
  }

  /**
   * Adds what rows Y = AΩ bring to the basis, by one product for each new vector. Where it is stopped, nothing was added.
   *
   * @param block - Y, `[rows, n]`; overwritten by the vectors added.
   * @returns `factor`: row i of Y in the basis, `[rank]` numbers; `added`, of the block.
   */
  async absorb(block: Vector, rows: number): Promise<{ factor: Float64Array[]; added: number }> {
    const { operator } = this.#products
    const before = this.rank
    const { rank, coefficients, factor } = await orthogonalizeBlock(
      operator.space,
      block,
      rows,
      before === 0 ? undefined : { store: this.basis.store, count: before },
    )
    const rowsOfFactor = Array.from({ length: rows }, (_, i) =>
      Float64Array.from([
        ...coefficients.subarray(i * before, (i + 1) * before),
        ...factor.subarray(i * rank, (i + 1) * rank),
      ]),
    )
    if (rank > 0) await this.#add(operator.space, block, rank)
    return { factor: rowsOfFactor, added: rank }
  }

  async #add(space: VectorSpace, block: Vector, added: number): Promise<void> {
    const before = this.projected.length
    const image = space.allocate(added)
    const squares = await this.#products.apply(
      block,
      added,
      image,
      (i) => `vector ${before + i + 1} of the sketch's basis`,
    )
    await this.basis.append(block, added)
    // Row i of both: the new image with every basis vector, and with every image.
    const along = await this.basis.innerProducts(image, added)
    const largest = Math.sqrt(Math.max(...squares))
    if (this.#imageScale === 0 && largest > 0) {
      this.#imageScale = 2 ** Math.round(Math.log2(largest))
    }
    const scale = this.#imageScale
    await this.images.append(image, added, scale === 0 ? 1 : 1 / scale)
    const gram = await this.images.innerProducts(image, added)
    extendSymmetric(this.projected, along)
    extendSymmetric(
      this.imageGram,
      gram.map((row) => row.map((value) => scale * value)),
    )
  }

  async release(): Promise<void> {
    await this.basis.release()
    await this.images.release()
  }
}

/** Adds rows, and as columns what they say of the rows before; new rows among each other are averaged with their mirror. */
function extendSymmetric(matrix: number[][], rows: readonly Float64Array[]): void {
  const before = matrix.length
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j < before; j += 1) matrix[j]!.push(row[j]!)
    matrix.push(
      Array.from(row, (value, j) =>
        j < before ? value : (value + rows[j - before]![before + i]!) / 2,
      ),
    )
  }
}
