import { studentFactor } from './quantiles.ts'

/** A curve with a band at a level. */
interface Band {
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

/**
 * Standard errors of a curve over its data, from the curves without one group of the data each.
 *
 * se² = (G − 1)/G · Σ (ρ₍g₎ − mean)². With the same random probes for each curve their noise cancels in the differences.
 *
 * @param curves - One a group, on one grid; 2 or more.
 * @throws RangeError if there are fewer than two curves, or their lengths differ.
 * @see Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 11.5
 */
export function jackknifeErrors(curves: readonly (readonly number[])[]): number[] {
  const groups = curves.length
  if (groups < 2) throw new RangeError(`curves must be 2 or more, got ${groups}`)
  const points = curves[0]!.length
  if (curves.some((curve) => curve.length !== points)) {
    throw new RangeError(`curves must all have ${points} points`)
  }
  return Array.from({ length: points }, (_, i) => {
    const mean = curves.reduce((sum, curve) => sum + curve[i]!, 0) / groups
    const squares = curves.reduce((sum, curve) => sum + (curve[i]! - mean) ** 2, 0)
    return Math.sqrt(((groups - 1) / groups) * squares)
  })
}

/**
 * The band of a density over its data, and with that over probes added.
 *
 * Half-widths are t·se of {@link jackknifeErrors}, t that of Student's law with G − 1 degrees of freedom; both errors are
 * independent, so half-widths add up in squares. The band is of the density of a fresh sample of data of this size, at each
 * point.
 *
 * @param curve - The density of all data with its band over probes, at `level`.
 * @param curves - The densities without one group each, on the same grid under the same kernel.
 * @returns Not below 0.
 * @throws RangeError if there are fewer than two groups, or lengths differ.
 */
export function jackknifeBand(
  curve: { readonly density: readonly number[] } & Band,
  curves: readonly (readonly number[])[],
  level: number,
): Band {
  const errors = jackknifeErrors(curves)
  if (errors.length !== curve.density.length) {
    throw new RangeError(`curves must have ${curve.density.length} points, got ${errors.length}`)
  }
  const factor = studentFactor(level, curves.length - 1)
  return {
    lower: curve.density.map((value, i) =>
      Math.max(0, value - Math.hypot(value - curve.lower[i]!, factor * errors[i]!)),
    ),
    upper: curve.density.map(
      (value, i) => value + Math.hypot(curve.upper[i]! - value, factor * errors[i]!),
    ),
  }
}
