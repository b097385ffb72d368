import type { RandomStream } from '#base'
import type { LinearOperator } from '#geometry/operators'
import type { BlockLanczos } from '../krylov/block-lanczos.ts'
import type { SymmetricEigen } from '../krylov/tridiagonal.ts'

/** By row of T, what its product has along directions that the search gave up; rows that are missing have nothing. */
export type DroppedParts = readonly (readonly number[])[]

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
   * One product with Σ ±yᵢ, random signs, against what the recurrence says of it. The square of what is left is on average
   * the sum of the squares by which the residuals of the yᵢ are off: rounding, but for an operator that
   * changes or a recurrence gone astray. What was given up counts as off.
   *
   * @param indices - Of the eigenvectors of T.
   * @throws NonFiniteError naming `where`.
   */
  deviation(
    eigen: SymmetricEigen,
    indices: readonly number[],
    stream: RandomStream,
    where: string,
  ): Promise<number> {
    const count = eigen.values.length
    const combination = new Float64Array(count)
    const image = new Float64Array(count)
    for (const index of indices) {
      const sign = stream.nextUniform() < 0.5 ? -1 : 1
      const [vector, value] = [eigen.vectors[index]!, eigen.values[index]!]
      for (let i = 0; i < count; i += 1) {
        combination[i]! += sign * vector[i]!
        image[i]! += sign * value * vector[i]!
      }
    }
    return this.#lanczos.deviation(
      (input, rows, output) => this.#operator.apply(input, rows, output),
      { combination, image, coming: this.#coming(combination) },
      where,
    )
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
