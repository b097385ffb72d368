import { NonFiniteError } from '#base'
import type { LinearOperator, Vector, VectorSpace } from '#geometry/operators'

/** An interval of the real line, low < high. */
export interface SpectralInterval {
  readonly low: number
  readonly high: number
}

/** Center and half-width: x̃ = (x − center)/halfWidth maps the interval to [−1, 1]. */
export const centerOf = ({ low, high }: SpectralInterval): number => low + (high - low) / 2
export const halfWidthOf = ({ low, high }: SpectralInterval): number => (high - low) / 2

/** Removes something from a block of products in place, such as the parts along known vectors. */
export type ProductProjection = (product: Vector, rows: number) => Promise<void>

/**
 * The recurrence Tⱼ₊₁(Ã)v = 2ÃTⱼ(Ã)v − Tⱼ₋₁(Ã)v for a block of vectors in lockstep, Ã = (A − c)/h on an interval c ± h.
 *
 * It holds Uⱼ = σⱼTⱼ(Ã)v with the signs σ = +, +, −, −, +, +, …: the last term is then added and not subtracted, so that each
 * step is one product and two sums in place.
 *
 * Memory: three blocks, the start included.
 */
export class ChebyshevRecurrence {
  readonly rows: number
  readonly #operator: LinearOperator
  readonly #center: number
  readonly #halfWidth: number
  readonly #project: ProductProjection | undefined
  #previous: Vector
  #current: Vector
  readonly #product: Vector
  #degree = 0

  /** @param start - T₀v = v, `[rows, n]`; taken over and overwritten. */
  constructor(
    operator: LinearOperator,
    interval: SpectralInterval,
    start: Vector,
    rows: number,
    project?: ProductProjection,
  ) {
    this.#operator = operator
    this.#center = centerOf(interval)
    this.#halfWidth = halfWidthOf(interval)
    this.#project = project
    this.rows = rows
    this.#current = start
    this.#previous = operator.space.allocate(rows)
    this.#product = operator.space.allocate(rows)
  }

  /**
   * Goes on from U of a degree that was reached before.
   *
   * @param current - Uⱼ and `previous` Uⱼ₋₁, `[rows, n]` each; taken over and overwritten.
   */
  static restore(
    operator: LinearOperator,
    interval: SpectralInterval,
    reached: { readonly degree: number; readonly previous: Vector; readonly current: Vector },
    rows: number,
  ): ChebyshevRecurrence {
    const recurrence = new ChebyshevRecurrence(operator, interval, reached.current, rows)
    recurrence.#previous = reached.previous
    recurrence.#degree = reached.degree
    return recurrence
  }

  /** j. */
  get degree(): number {
    return this.#degree
  }

  /** σⱼ. */
  get sign(): number {
    return signOf(this.#degree)
  }

  /** Uⱼ, `[rows, n]`, until the next step but one. */
  get current(): Vector {
    return this.#current
  }

  /** Uⱼ₋₁, `[rows, n]`; 0 for j = 0. */
  get previous(): Vector {
    return this.#previous
  }

  /** One product a row: j ← j + 1. */
  async step(): Promise<void> {
    const { space } = this.#operator
    await this.#operator.apply(this.#current, this.rows, this.#product)
    await this.#project?.(this.#product, this.rows)
    const next = this.#degree + 1
    const factor = (signOf(next) * this.sign * (next === 1 ? 1 : 2)) / this.#halfWidth
    await addRows(space, this.#previous, factor, this.#product, this.rows)
    await addRows(space, this.#previous, -factor * this.#center, this.#current, this.rows)
    ;[this.#previous, this.#current] = [this.#current, this.#previous]
    this.#degree = next
  }
}

const signOf = (degree: number): number => (degree % 4 < 2 ? 1 : -1)

/** target ← target + factor·source, row by row. */
export async function addRows(
  space: VectorSpace,
  target: Vector,
  factor: number,
  source: Vector,
  rows: number,
): Promise<void> {
  if (factor === 0) return
  const coefficient = Float64Array.of(factor)
  for (let row = 0; row < rows; row += 1) {
    const [from, to] = [row * space.size, (row + 1) * space.size]
    await space.addCombination(
      target.subarray(from, to),
      1,
      coefficient,
      source.subarray(from, to),
      1,
    )
  }
}

/**
 * ⟨aᵢ, bᵢ⟩ of two blocks, row by row.
 *
 * @throws NonFiniteError naming `where` if one is not finite.
 */
export async function rowProducts(
  space: VectorSpace,
  a: Vector,
  b: Vector,
  rows: number,
  where: string,
): Promise<number[]> {
  const results: number[] = []
  for (let row = 0; row < rows; row += 1) {
    const [from, to] = [row * space.size, (row + 1) * space.size]
    const [value] = await space.innerProducts(a.subarray(from, to), 1, b.subarray(from, to), 1)
    if (!Number.isFinite(value)) throw new NonFiniteError(where)
    results.push(value!)
  }
  return results
}

/** T₀(x), …, T_degree(x); outside of [−1, 1] they grow as cosh. */
export function chebyshevValues(x: number, degree: number): Float64Array {
  const values = new Float64Array(degree + 1)
  values[0] = 1
  if (degree > 0) values[1] = x
  for (let k = 2; k <= degree; k += 1) values[k] = 2 * x * values[k - 1]! - values[k - 2]!
  return values
}
