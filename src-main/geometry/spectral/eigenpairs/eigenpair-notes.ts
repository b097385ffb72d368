import { roundingUnits } from './eigenpair-goal.ts'
import type { Eigenpair } from '../krylov/measure-pairs.ts'

/** A residual above this share of its own |λ| is named. */
const coarseShare = 0.01

/**
 * Says where a value is known coarsely: its residual passes against the largest |λ|, but not against its own, so
 * other eigenvalues may lie between it and the end of the spectrum.
 */
export function describeResolution(pairs: readonly Eigenpair[]): string {
  const coarse = pairs.filter(({ value, residual }) => residual > coarseShare * Math.abs(value))
  if (coarse.length === 0) return ''
  const worst = coarse.reduce(
    (most, { value, residual }) => Math.max(most, residual / Math.abs(value)),
    0,
  )
  const extent = worst < 1 ? `to ${(100 * worst).toFixed(0)} % at worst` : 'not even in sign'
  return `${coarse.length} of the values are small against the largest |λ| and known ${extent}; eigenvalues between them may be missing.`
}

/** Says which values lie at the level of rounding, where even their sign means nothing. */
export function describeFloor(pairs: readonly Eigenpair[], scale: number, epsilon: number): string {
  const floor = roundingUnits * epsilon
  const lost = pairs.filter(({ value }) => scale > 0 && Math.abs(value) < floor * scale).length
  if (lost === 0) return ''
  return `${lost} of the values are below ${floor.toExponential(1)} of the largest |λ|, the rounding of a product: they cannot be told from 0.`
}

/** Says how far a search came that did not converge, and what to try. */
export function describeShortfall(shortfall: {
  readonly late: number
  readonly wanted: number
  readonly worst: number
  readonly products: number
  readonly hasBudgetLeft: boolean
}): string {
  const { late, wanted, worst, products, hasBudgetLeft } = shortfall
  if (late > 0) {
    // Ritz residuals were within tolerance and true ones are not: more products would not help.
    const advice = hasBudgetLeft ? 'a larger tolerance' : 'a larger budget or tolerance'
    return `${wanted - late} of ${wanted} residuals are within tolerance after ${products} products; the largest is ${worst.toExponential(1)} of the largest |λ|. Try ${advice}.`
  }
  return `all residuals are within tolerance, but the budget of ${products} products ended before the search for missed (multiple) eigenvalues did. Try a larger budget.`
}
