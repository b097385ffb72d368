import type {
  DensityDocument,
  MeasurementDocument,
  ScalarDocument,
  TraceDocument,
} from '../schemas/index.ts'
import type { DensityAxis } from './density-curves.ts'
import { densityOverStepsFigure } from './density-over-steps.ts'
import { eigenvaluesFigure } from './eigenvalues-over-steps.ts'
import { gradientShareFigure, overlapFigure } from './evolution-figures.ts'
import { documentsOf, latestOf } from './matrix-groups.ts'
import { measuredValues } from './measured-values.ts'
import type { Figure } from './option.ts'
import { rankFigure } from './rank-figure.ts'
import { exactDensityFigure, spectralDensityFigure } from './spectral-density.ts'
import { valuesFigure } from './values-over-steps.ts'

/** How the figures of a matrix are drawn. */
export interface SpectrumFigureOptions {
  readonly axis?: DensityAxis
  /** Of densities. */
  readonly scale?: 'linear' | 'log'
  /** The snapshot whose density is drawn; null for the last. */
  readonly step?: number | null
}

/** Steps at which the density of a matrix, estimated or exact, is known. */
export const densitySteps = (documents: readonly MeasurementDocument[]): number[] =>
  [
    ...new Set(
      [...documentsOf(documents, 'density'), ...documentsOf(documents, 'dense')].map(
        ({ step }) => step,
      ),
    ),
  ].sort((a, b) => a - b)

/**
 * The density of a matrix at one step, estimated or else exact; null where neither is known.
 *
 * @param documents - Of one matrix.
 */
export function spectrumFigure(
  documents: readonly MeasurementDocument[],
  { step, ...options }: SpectrumFigureOptions = {},
): Figure | null {
  const at = step ?? densitySteps(documents).at(-1)
  const there = documents.filter((document) => document.step === at)
  const density = latestOf(documentsOf(there, 'density'))
  const exact = latestOf(documentsOf(there, 'dense'))
  if (density !== null) {
    const eigenpairs = latestOf(documentsOf(there, 'eigenpairs'))
    return spectralDensityFigure(density, { ...options, eigenpairs, exact })
  }
  return exact === null ? null : exactDensityFigure(exact, options)
}

/**
 * The other figures of a matrix: what changed over training, and all eigenvalues in order.
 *
 * @param documents - Of one matrix.
 * @param options.scale - Of eigenvalues and numbers.
 */
export function matrixFigures(
  documents: readonly MeasurementDocument[],
  options: { readonly axis?: DensityAxis; readonly scale?: 'linear' | 'log' } = {},
): Figure[] {
  const evolutions = documentsOf(documents, 'evolution')
  return [
    ...overSteps(documentsOf(documents, 'density')).map((some) =>
      densityOverStepsFigure(lastOfEachStep(some), options),
    ),
    ...overSteps(documentsOf(documents, 'eigenpairs')).flatMap((some) =>
      some[0] === undefined ? [] : [eigenvaluesFigure(some[0], some, options)],
    ),
    ...evolutions.flatMap((document) => [
      eigenvaluesFigure(document, document.rows, options),
      gradientShareFigure(document),
      overlapFigure(document),
    ]),
    ...numbersOverSteps(documents, options),
    ...[latestOf(documentsOf(documents, 'dense'))].flatMap((document) =>
      document === null ? [] : [rankFigure(document, options)],
    ),
  ]
}

/** Documents of one measurement that was made at several steps. */
function overSteps<D extends MeasurementDocument>(documents: readonly D[]): D[][] {
  return [...Map.groupBy(documents, ({ index }) => index).values()].filter(
    ({ length }) => length > 1,
  )
}

const lastOfEachStep = (documents: readonly DensityDocument[]): DensityDocument[] => [
  ...new Map(documents.map((document) => [document.step, document])).values(),
]

function numbersOverSteps(
  documents: readonly MeasurementDocument[],
  options: { readonly scale?: 'linear' | 'log' },
): Figure[] {
  const numbers: (TraceDocument | ScalarDocument)[] = [
    ...documentsOf(documents, 'trace'),
    ...documentsOf(documents, 'scalar'),
  ]
  return overSteps(numbers).flatMap((some) => {
    const [first] = some
    const label = first === undefined ? undefined : measuredValues(first)[0]?.label
    const rows = some.flatMap(({ step, status, value, standardError }) =>
      value === null ? [] : [{ step, status, value, standardError: standardError ?? 0 }],
    )
    return first === undefined || label === undefined || rows.length < 2
      ? []
      : [valuesFigure(label, first, rows, options)]
  })
}
