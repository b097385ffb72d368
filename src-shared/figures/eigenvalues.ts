import type { EigenpairsDocument } from '../schemas/index.ts'
import { formatNumber, formatToUncertainty } from './format.ts'

/** A row of the table of eigenvalues, as shown. */
export interface EigenvalueRow {
  /** `λ₁` the largest, `λ₋₁` the smallest. */
  readonly label: string
  readonly value: string
  readonly residual: string
  /** Residual as a share of the largest |λ|. */
  readonly relativeResidual: string
  readonly isConverged: boolean
}

/** A rank as a subscript, e.g. `₁₀`. */
export const formatRank = (rank: number): string =>
  Array.from(String(rank), (digit) => String.fromCodePoint(0x2080 + Number(digit))).join('')

/**
 * Rows of both ends, the largest first and the smallest last.
 *
 * A value is shown to the digits its residual leaves standing, since |λ − λ̂| ≤ ‖Hv − λ̂v‖ for a symmetric H.
 */
export function eigenvalueRows(document: EigenpairsDocument): EigenvalueRow[] {
  const pairs = [...document.top, ...document.bottom]
  const largest = pairs.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0)
  const row = (label: string, value: number, residual: number): EigenvalueRow => {
    const share = largest > 0 ? residual / largest : 0
    return {
      label,
      value: formatToUncertainty(value, residual),
      residual: formatNumber(residual, 2),
      relativeResidual: formatNumber(share, 2),
      isConverged: residual <= document.tolerance * Math.max(Math.abs(value), 0.01 * largest),
    }
  }
  return [
    ...document.top.map((pair, i) => row(`λ${formatRank(i + 1)}`, pair.value, pair.residual)),
    ...document.bottom
      .map((pair, i) => row(`λ₋${formatRank(i + 1)}`, pair.value, pair.residual))
      .toReversed(),
  ]
}
