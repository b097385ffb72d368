import { NonFiniteError, throwIfStopped } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import {
  addRows,
  centerOf,
  ChebyshevRecurrence,
  chebyshevValues,
  halfWidthOf,
  type SpectralInterval,
} from './chebyshev-recurrence.ts'
import { jacksonFactors } from './kernel-polynomial.ts'

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

/**
 * Replaces each row v of a block by p(A)v.
 *
 * Cost: `rows`·degree applications, in blocks of `operator.preferredRows` rows; three such blocks held.
 *
 * @returns Whether Chebyshev polynomials of A stayed bounded; if not, an eigenvalue lies outside of the interval, the block is
 *   useless, and the rest of it was not filtered. And the products made.
 * @throws NonFiniteError naming the products, counted on from `before`, among which one is not finite.
 * @throws StoppedError between products, if the signal says so.
 */
export async function applyFilter(
  operator: LinearOperator,
  filter: DeltaFilter,
  block: Vector,
  rows: number,
  options: {
    readonly before: number
    readonly signal?: AbortSignal | undefined
    readonly onProgress?: ((products: number) => void) | undefined
  },
): Promise<{ readonly isBounded: boolean; readonly products: number }> {
  const { size, space, preferredRows } = operator
  const { coefficients, degree } = filter
  let products = options.before
  for (let first = 0; first < rows; first += preferredRows) {
    const count = Math.min(preferredRows, rows - first)
    const sum = block.subarray(first * size, (first + count) * size)
    const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
    const norms: number[] = []
    for (let i = 0; i < count; i += 1) norms.push(await space.norm(row(sum, i)))
    const recurrence = new ChebyshevRecurrence(operator, filter.interval, sum.slice(), count)
    await addRows(space, sum, coefficients[0]! - 1, recurrence.current, count)
    for (let k = 1; k <= degree; k += 1) {
      throwIfStopped(options.signal)
      await recurrence.step()
      products += count
      options.onProgress?.(products)
      await addRows(space, sum, recurrence.sign * coefficients[k]!, recurrence.current, count)
    }
    for (const [i, norm] of norms.entries()) {
      const length = await space.norm(row(recurrence.current, i))
      if (!Number.isFinite(length)) {
        throw new NonFiniteError(
          `the operator's products ${products - count * degree + 1} to ${products}`,
        )
      }
      if (length > (1 + growthUnits * space.epsilon * degree) * norm) {
        return { isBounded: false, products: products - options.before }
      }
    }
  }
  return { isBounded: true, products: products - options.before }
}

/** What rounding may add to ‖Tₖv‖/‖v‖ for each degree, in ε. */
const growthUnits = 64
