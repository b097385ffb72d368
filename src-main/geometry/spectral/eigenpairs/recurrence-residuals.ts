import { NonFiniteError, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import type { BlockLanczos } from '../krylov/block-lanczos.ts'
import type { SymmetricEigen } from '../krylov/tridiagonal.ts'

/** By row of T, what its product has along directions that the search gave up; rows that are missing have nothing. */
export type DroppedParts = readonly (readonly number[])[]

/** A product that a recurrence says it knows: Σ imageᵢ·yᵢ + Σ comingⱼ·vⱼ for Σ signᵢ·yᵢ. */
export interface ExpectedProduct {
  readonly signs: Float64Array
  readonly images: Float64Array
  readonly coming: Float64Array
  /** `[rank, n]`. */
  readonly directions: Vector
}

/**
 * The residuals of combinations y = s·Q of a recurrence's rows, without products.
 *
 * From A·Qᵀ = Qᵀ·T + Vᵀ·Rᵀ an eigenvector s of T has the residual Vᵀ(Rᵀs), to the rounding of the inner products that T and R
 * were measured by. A search that keeps vectors and gives V up also gives up what their products have along it; that is
 * remembered by its lengths.
 */
export class RecurrenceResiduals {
  readonly #operator: LinearOperator
  readonly #lanczos: BlockLanczos
  #dropped: DroppedParts = []

  constructor(operator: LinearOperator, lanczos: BlockLanczos) {
    this.#operator = operator
    this.#lanczos = lanczos
  }

  get state(): DroppedParts {
    return this.#dropped
  }

  restore(state: DroppedParts): void {
    this.#dropped = state
  }

  /** To be told before the rows of T are replaced by combinations; `isContinued`: whether the directions to come follow. */
  keep(combinations: readonly Float64Array[], isContinued: boolean): void {
    this.#dropped = combinations.map((vector) => [
      ...combined(this.#dropped, vector),
      ...(isContinued ? [] : this.#coming(vector)),
    ])
  }

  /**
   * Most that ‖Ay − θy‖ can be: directions given up may have come back into T, or be among those to come.
   *
   * @param isFull - Whether T spans the whole space, so that nothing was given up for good.
   */
  of(vector: Float64Array, isFull: boolean): number {
    const dropped = isFull ? [] : combined(this.#dropped, vector)
    return Math.hypot(...this.#coming(vector)) + Math.hypot(...dropped)
  }

  /**
   * What the recurrence says of the product with Σ ±yᵢ, random signs; to be asked before its rows are replaced by the yᵢ.
   *
   * @param indices - Of the eigenvectors of T.
   */
  async expect(
    eigen: SymmetricEigen,
    indices: readonly number[],
    stream: RandomStream,
  ): Promise<ExpectedProduct> {
    const signs = Float64Array.from(indices, () => (stream.nextUniform() < 0.5 ? -1 : 1))
    const parts = indices.map((index, i) =>
      this.#coming(eigen.vectors[index]!).map((part) => signs[i]! * part),
    )
    return {
      signs,
      images: signs.map((sign, i) => sign * eigen.values[indices[i]!]!),
      coming: Float64Array.from(parts[0] ?? [], (_, direction) =>
        parts.reduce((sum, row) => sum + row[direction]!, 0),
      ),
      directions: await this.#lanczos.readDirections(),
    }
  }

  /**
   * By how much that product is another one. The square is on average the sum of the squares by which the residuals of the yᵢ
   * are off: rounding, but for an operator that changes or a recurrence gone astray. What was given up before counts as off.
   *
   * Cost: one application to one vector. The yᵢ are the first rows of the basis.
   *
   * @throws NonFiniteError naming `where`.
   */
  async deviation(expected: ExpectedProduct, where: string): Promise<number> {
    const { space } = this.#operator
    const { basis } = this.#lanczos
    const { signs, images, coming, directions } = expected
    const [vector, product] = [space.allocate(1), space.allocate(1)]
    await basis.add(vector, signs)
    await this.#operator.apply(vector, 1, product)
    await basis.add(
      product,
      images.map((part) => -part),
    )
    const rest = coming.map((part) => -part)
    if (rest.length > 0) await space.addCombination(product, 1, rest, directions, rest.length)
    const length = await space.norm(product)
    if (!Number.isFinite(length)) throw new NonFiniteError(where)
    return length
  }

  /** Rᵀs. */
  #coming(vector: Float64Array): number[] {
    // After a search of its own the part of T may be smaller than the block.
    const newest = this.#lanczos.tail.slice(-vector.length)
    return combined(newest, vector.subarray(vector.length - newest.length))
  }
}

/** Σ wᵢ·rowᵢ. */
function combined(rows: readonly (readonly number[])[], weights: Float64Array): number[] {
  return (rows[0] ?? []).map((_, column) =>
    rows.reduce((sum, row, i) => sum + weights[i]! * row[column]!, 0),
  )
}
