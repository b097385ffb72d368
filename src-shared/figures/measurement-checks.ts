import type { MeasurementDocument } from '../schemas/index.ts'
import { formatNumber } from './format.ts'
import { matrixSymbol } from './measured-matrix.ts'

/** An independent check of a measurement. */
export interface MeasurementCheck {
  /** What it found, in a few words, e.g. `Moments agree with fresh probes`. */
  readonly title: string
  readonly detail: string
  readonly holds: boolean
}

/** What a measurement was checked against, and whether it stood. */
export function measurementChecks(document: MeasurementDocument): MeasurementCheck[] {
  if (document.kind !== 'density') return []
  const { selfCheck, crossCheck } = document
  const symbol = matrixSymbol(document)
  return [
    ...(selfCheck === null
      ? []
      : [
          {
            holds: selfCheck.passes,
            title: selfCheck.passes
              ? 'The moment self-check holds'
              : 'The moment self-check does not hold: do not use this density',
            detail: `tr ${symbol} / n and tr ${symbol}² / n differ from fresh estimates by ${formatNumber(selfCheck.mean.z, 2)} and ${formatNumber(selfCheck.square.z, 2)} standard errors.`,
          },
        ]),
    ...(crossCheck === null
      ? []
      : [
          {
            holds: crossCheck.passes,
            title: crossCheck.passes
              ? 'Chebyshev moments agree'
              : 'Chebyshev moments do not agree: do not use this density',
            detail: `Moments up to degree ${String(crossCheck.degree)} differ by ${formatNumber(crossCheck.momentDifference, 2)} at most; Wasserstein-1 distance ${formatNumber(crossCheck.wasserstein, 2)}.`,
          },
        ]),
  ]
}
