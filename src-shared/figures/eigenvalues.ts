import type { Eigenpair, EigenpairsDocument } from '../schemas/index.ts'
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

const largestOf = ({ top, bottom }: EigenpairsDocument): number =>
  [...top, ...bottom].reduce((most, { value }) => Math.max(most, Math.abs(value)), 0)

/** Whether a pair of a document meets its tolerance. */
const meets = (
  { tolerance }: EigenpairsDocument,
  { value, residual }: Eigenpair,
  largest: number,
) => residual <= tolerance * Math.max(Math.abs(value), 0.01 * largest)

/** The values of a document that are within its tolerance: the only ones that may be called eigenvalues. */
export function convergedValues(document: EigenpairsDocument): number[] {
  const largest = largestOf(document)
  return [...document.top, ...document.bottom]
    .filter((pair) => meets(document, pair, largest))
    .map(({ value }) => value)
}

/**
 * Rows of both ends, the largest first and the smallest last.
 *
 * A value is shown to the digits its residual leaves standing, since |λ − λ̂| ≤ ‖Hv − λ̂v‖ for a symmetric H.
 */
export function eigenvalueRows(document: EigenpairsDocument): EigenvalueRow[] {
  const largest = largestOf(document)
  const row = (label: string, pair: Eigenpair): EigenvalueRow => {
    const { value, residual } = pair
    const share = largest > 0 ? residual / largest : 0
    return {
      label,
      value: formatToUncertainty(value, residual),
      residual: formatNumber(residual, 2),
      relativeResidual: formatNumber(share, 2),
      isConverged: meets(document, pair, largest),
    }
  }
  return [
    ...document.top.map((pair, i) => row(`λ${formatRank(i + 1)}`, pair)),
    ...document.bottom.map((pair, i) => row(`λ₋${formatRank(i + 1)}`, pair)).toReversed(),
  ]
}
