import { NonFiniteError, throwIfStopped } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import {
  addRows,
  centerOf,
  ChebyshevRecurrence,
  chebyshevValues,
  halfWidthOf,
  type SpectralInterval,
} from '../chebyshev/chebyshev-recurrence.ts'
import { jacksonFactors } from '../chebyshev/kernel-polynomial.ts'

/** A polynomial p with one peak, at a target, of height 1: p(A) is a filter for the eigenvalues next to it. */
export interface DeltaFilter {
  readonly degree: number
  readonly interval: SpectralInterval
  /** In Chebyshev polynomials of the interval, `[degree + 1]`. */
  readonly coefficients: Float64Array
  /** Angle of the peak: target = center + halfWidth·cos. */
  readonly angle: number
}

/** Points at which the peak is looked for, on either side of the target. */
const peakPoints = 40

/** Half-width of the peak at half its height, in units of π/(degree + 2) of the angle. */
const halfHeightUnits = 1.18

/**
 * The Jackson-damped Chebyshev series of δ(λ − target), scaled to a largest value of 1: positive on the interval, with a single
 * main peak that is half as high at an angle of 1.18·π/(degree + 2) beside the target.
 *
 * @param target - One outside of the interval is moved to its nearer end.
 * @see Li, Xi, Vecharynski, Yang and Saad, A thick-restart Lanczos algorithm with polynomial filtering (2016)
 */
export function deltaFilter(
  interval: SpectralInterval,
  target: number,
  degree: number,
): DeltaFilter {
  const x = Math.min(1, Math.max(-1, (target - centerOf(interval)) / halfWidthOf(interval)))
  const values = chebyshevValues(x, degree)
  const coefficients = jacksonFactors(degree).map(
    (factor, k) => (k === 0 ? 1 : 2) * factor * values[k]!,
  )
  const filter = { degree, interval, coefficients, angle: Math.acos(x) }
  let height = 0
  for (let i = -peakPoints; i <= peakPoints; i += 1) {
    const angle = filter.angle + (2 * Math.PI * i) / (peakPoints * (degree + 2))
    height = Math.max(height, valueAt(coefficients, Math.cos(angle)))
  }
  return { ...filter, coefficients: coefficients.map((value) => value / height) }
}

const valueAt = (coefficients: Float64Array, x: number): number => {
  const values = chebyshevValues(x, coefficients.length - 1)
  return coefficients.reduce((sum, value, k) => sum + value * values[k]!, 0)
}

/** p(λ), for λ in the interval. */
export function filterValue({ interval, coefficients }: DeltaFilter, lambda: number): number {
  const x = (lambda - centerOf(interval)) / halfWidthOf(interval)
  return valueAt(coefficients, Math.min(1, Math.max(-1, x)))
}

/** Where p is half as high as its peak or more, about. */
export function peakInterval(
  interval: SpectralInterval,
  angle: number,
  degree: number,
): SpectralInterval {
  const width = (halfHeightUnits * Math.PI) / (degree + 2)
  const place = (at: number): number =>
    centerOf(interval) + halfWidthOf(interval) * Math.cos(Math.min(Math.PI, Math.max(0, at)))
  return { low: place(angle + width), high: place(angle - width) }
}

/** Where a filter stands within a block; plain data. */
export interface FilterProgress {
  /** Rows that are done. */
  readonly first: number
  readonly products: number
  /** The rows after them that are at hand; null before their first product. */
  readonly group: { readonly norms: readonly number[]; readonly degree: number } | null
}

/** Rows that are filtered in lockstep. */
interface FilterGroup {
  /** Lengths of the rows before. */
  readonly norms: readonly number[]
  readonly recurrence: ChebyshevRecurrence
}

/** What rounding may add to ‖Tₖv‖/‖v‖ for each degree, in ε. */
const growthUnits = 64

/**
 * Replaces each row v of a block by p(A)v.
 *
 * Cost: `rows`·degree applications, in blocks of `operator.preferredRows` rows; three such blocks held.
 */
export class FilterPass {
  readonly #operator: LinearOperator
  readonly #filter: DeltaFilter
  readonly #block: Vector
  readonly #rows: number
  #first = 0
  #products = 0
  #group: FilterGroup | null = null

  /** @param block - `[rows, n]`, overwritten step by step. */
  constructor(operator: LinearOperator, filter: DeltaFilter, block: Vector, rows: number) {
    this.#operator = operator
    this.#filter = filter
    this.#block = block
    this.#rows = rows
  }

  /** Products made. */
  get products(): number {
    return this.#products
  }

  get progress(): FilterProgress {
    const group = this.#group && {
      norms: [...this.#group.norms],
      degree: this.#group.recurrence.degree,
    }
    return { first: this.#first, products: this.#products, group }
  }

  /** Rows that `readGroup` writes. */
  get groupRows(): number {
    return 2 * (this.#group?.norms.length ?? 0)
  }

  /** Writes what beside the block the rows at hand go on from. */
  readGroup(target: Vector): void {
    if (this.#group === null) return
    const { previous, current } = this.#group.recurrence
    target.set(previous)
    target.set(current, previous.length)
  }

  /**
   * Goes on from where a pass stood; the block holds what it held.
   *
   * @param vectors - As `readGroup` wrote them.
   */
  restore({ first, products, group }: FilterProgress, vectors: Vector): void {
    const { size, space } = this.#operator
    this.#first = first
    this.#products = products
    if (group === null) return
    const { norms, degree } = group
    const rows = norms.length
    const [previous, current] = [space.allocate(rows), space.allocate(rows)]
    previous.set(vectors.subarray(0, rows * size))
    current.set(vectors.subarray(rows * size, 2 * rows * size))
    const reached = { degree, previous, current }
    this.#group = {
      norms,
      recurrence: ChebyshevRecurrence.restore(this.#operator, this.#filter.interval, reached, rows),
    }
  }

  /**
   * Filters the rows that are left. Where it is stopped, it stands after its last whole step.
   *
   * @param options.before - Products made before the pass.
   * @param options.pause - Called after each step.
   * @returns Whether Chebyshev polynomials of A stayed bounded; if not, an eigenvalue lies outside of the interval, the block is
   *   useless, and the rest of it was not filtered.
   * @throws NonFiniteError naming the products, counted on from `before`, among which one is not finite.
   * @throws StoppedError between products, if the signal says so.
   */
  async run(options: {
    readonly before: number
    readonly pause: () => Promise<void>
    readonly signal?: AbortSignal | undefined
    readonly onProgress?: ((products: number) => void) | undefined
  }): Promise<boolean> {
    const { space } = this.#operator
    const { coefficients, degree } = this.#filter
    while (this.#first < this.#rows) {
      this.#group ??= await this.#begin()
      const { norms, recurrence } = this.#group
      const count = norms.length
      const sum = this.#rowsOf(this.#block, this.#first, count)
      while (recurrence.degree < degree) {
        throwIfStopped(options.signal)
        await recurrence.step()
        const factor = recurrence.sign * coefficients[recurrence.degree]!
        await addRows(space, sum, factor, recurrence.current, count)
        this.#products += count
        options.onProgress?.(options.before + this.#products)
        await options.pause()
      }
      for (const [i, norm] of norms.entries()) {
        const length = await space.norm(this.#rowsOf(recurrence.current, i, 1))
        if (!Number.isFinite(length)) {
          const last = options.before + this.#products
          throw new NonFiniteError(
            `the operator's products ${last - count * degree + 1} to ${last}`,
          )
        }
        if (length > (1 + growthUnits * space.epsilon * degree) * norm) return false
      }
      this.#first += count
      this.#group = null
    }
    return true
  }

  /** Takes up the next rows, which hold the sum from here on. */
  async #begin(): Promise<FilterGroup> {
    const { space, preferredRows } = this.#operator
    const count = Math.min(preferredRows, this.#rows - this.#first)
    const sum = this.#rowsOf(this.#block, this.#first, count)
    const norms: number[] = []
    for (let i = 0; i < count; i += 1) norms.push(await space.norm(this.#rowsOf(sum, i, 1)))
    const { interval, coefficients } = this.#filter
    const recurrence = new ChebyshevRecurrence(this.#operator, interval, sum.slice(), count)
    await addRows(space, sum, coefficients[0]! - 1, recurrence.current, count)
    return { norms, recurrence }
  }

  #rowsOf(buffer: Vector, first: number, count: number): Vector {
    const { size } = this.#operator
    return buffer.subarray(first * size, (first + count) * size)
  }
}
