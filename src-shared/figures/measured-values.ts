import type {
  DenseDocument,
  DensityDocument,
  DiagonalDocument,
  Eigenpair,
  EvolutionDocument,
  InteriorDocument,
  MeasurementDocument,
  ScalarDocument,
  ScalarQuantity,
} from '../schemas/index.ts'
import {
  formatCount,
  formatNumber,
  formatPercent,
  formatToUncertainty,
  formatWithUncertainty,
} from './format.ts'
import { matrixSize, matrixSymbol } from './measured-matrix.ts'

/** A measured number: `label = value`, with a word about how sure it is, which may be empty. */
export interface MeasuredValue {
  readonly label: string
  readonly value: string
  readonly note: string
}

/** The numbers a measurement is known by, the first of them first; none where nothing was found. */
export function measuredValues(document: MeasurementDocument): MeasuredValue[] {
  const symbol = matrixSymbol(document)
  switch (document.kind) {
    case 'eigenpairs':
      return ends(document.top[0], document.bottom[0])
    case 'interior':
      return nearest(document)
    case 'trace':
      return [
        {
          label: `tr ${symbol}`,
          value: formatWithUncertainty(document.value, document.standardError),
          note: `1 s.e. over ${formatCount(document.probes)} probes`,
        },
      ]
    case 'scalar':
      return [scalarValue(document, symbol)]
    case 'diagonal':
      return diagonalValues(document, symbol)
    case 'density':
      return densityValues(document, symbol)
    case 'evolution':
      return evolutionValues(document)
    case 'dense':
      return denseValues(document, symbol)
  }
}

/** A value with the residual that bounds its error. */
const eigenvalue = (label: string, { value, residual }: Eigenpair): MeasuredValue => ({
  label,
  value: formatToUncertainty(value, residual),
  note: `residual ${formatNumber(residual, 2)}`,
})

const ends = (largest: Eigenpair | undefined, smallest: Eigenpair | undefined): MeasuredValue[] => [
  ...(largest === undefined ? [] : [eigenvalue('λmax', largest)]),
  ...(smallest === undefined ? [] : [eigenvalue('λmin', smallest)]),
]

function nearest({ pairs, target }: InteriorDocument): MeasuredValue[] {
  const [first] = pairs
  return first === undefined ? [] : [eigenvalue(`λ nearest ${formatNumber(target)}`, first)]
}

/** The formulas of numbers that sum up a spectrum. */
const quantityFormulas: Record<ScalarQuantity, (symbol: string) => string> = {
  'square-trace': (symbol) => `tr ${symbol}²`,
  'effective-rank': (symbol) => `tr ${symbol} / λmax`,
  'participation-ratio': (symbol) => `(tr ${symbol})² / tr ${symbol}²`,
  'effective-dimension': () => 'Σ |λ| / (|λ| + μ)',
  'bulk-ratio': () => 'λmax / bulk',
  'goldilocks-ratio': (symbol) => `tr ${symbol} / ‖${symbol}‖`,
}

function scalarValue(document: ScalarDocument, symbol: string): MeasuredValue {
  const { quantity, value, standardError } = document
  return {
    label: quantityFormulas[quantity](symbol),
    value:
      value === null
        ? 'not defined'
        : standardError === null
          ? formatNumber(value)
          : formatWithUncertainty(value, standardError),
    note: value === null || standardError === null ? '' : '1 s.e.',
  }
}

function diagonalValues(document: DiagonalDocument, symbol: string): MeasuredValue[] {
  const sum = (of: 'value' | 'standardError'): number =>
    document.parts.reduce((total, part) => total + part[of], 0)
  return [
    {
      label: `rms of diag ${symbol}`,
      value: formatToUncertainty(document.rms, document.rmsStandardError),
      note: `rms s.e. of an entry ${formatNumber(document.rmsStandardError, 2)}, over ${formatCount(document.probes)} probes`,
    },
    ...(document.parts.length === 0
      ? []
      : [
          {
            label: `tr ${symbol}`,
            // Parts are of the same probes, so their errors may add up.
            value: formatWithUncertainty(sum('value'), sum('standardError')),
            note: 'at most 1 s.e., the sum of those of its parts',
          },
        ]),
  ]
}

/** `95 %` of 0.95. */
export const formatLevel = (level: number): string => `${formatNumber(level * 100, 3)} %`

function densityValues(document: DensityDocument, symbol: string): MeasuredValue[] {
  const { moments, negative, zero, level, probes } = document
  const interval = level === null ? 'interval' : `${formatLevel(level)} interval`
  return [
    {
      label: `tr ${symbol} / n`,
      value: formatWithUncertainty(moments.mean, moments.meanStandardError),
      note: `mean eigenvalue, 1 s.e. over ${formatCount(probes)} probes`,
    },
    ...(negative === null
      ? []
      : [
          {
            label: 'Negative eigenvalues',
            value: `${formatCount(negative.value)} (${formatCount(negative.lower)} to ${formatCount(negative.upper)})`,
            note: `of ${formatCount(matrixSize(document))}, ${interval}`,
          },
        ]),
    ...(zero === null
      ? []
      : [
          {
            label: 'At zero',
            value: `${formatPercent(zero.value)} (${formatPercent(zero.lower)} to ${formatPercent(zero.upper)})`,
            note: `|λ| ≤ ${formatNumber(zero.threshold, 2)}, ${interval}`,
          },
        ]),
  ]
}

function evolutionValues({ rows }: EvolutionDocument): MeasuredValue[] {
  const first = rows[0]
  const last = rows.at(-1)
  if (first === undefined || last === undefined) return []
  const range = `steps ${formatCount(first.step)} to ${formatCount(last.step)}`
  const [from, to] = [first.top[0], last.top[0]]
  const path =
    from === undefined || to === undefined
      ? []
      : [
          {
            label: 'λmax',
            value: `${formatToUncertainty(from.value, from.residual, 4)} → ${formatToUncertainty(to.value, to.residual, 4)}`,
            note: range,
          },
        ]
  const share = last.gradientShare
  return share === null
    ? path
    : [
        ...path,
        {
          label: 'Gradient in the leading space',
          value: formatPercent(share),
          note: `at step ${formatCount(last.step)}`,
        },
      ]
}

function denseValues({ eigenvalues }: DenseDocument, symbol: string): MeasuredValue[] {
  const [smallest, largest] = [eigenvalues[0], eigenvalues.at(-1)]
  if (smallest === undefined || largest === undefined) return []
  const exact = 'dense, float64'
  return [
    { label: 'λmax', value: formatNumber(largest, 7), note: exact },
    { label: 'λmin', value: formatNumber(smallest, 7), note: exact },
    {
      label: `tr ${symbol}`,
      value: formatNumber(
        eigenvalues.reduce((sum, value) => sum + value, 0),
        7,
      ),
      note: exact,
    },
    {
      label: 'Below zero',
      value: formatCount(eigenvalues.filter((value) => value < 0).length),
      note: `of ${formatCount(eigenvalues.length)}, rounding included`,
    },
  ]
}
