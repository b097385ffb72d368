import type {
  DensityDocument,
  DiagonalDocument,
  EvolutionDocument,
  EvolutionRow,
  InteriorDocument,
  MeasurementDocument,
  ScalarDocument,
} from '../schemas/index.ts'
import { eigenvalueRows, formatRank } from './eigenvalues.ts'
import {
  formatCount,
  formatNumber,
  formatPercent,
  formatToUncertainty,
  formatWithUncertainty,
} from './format.ts'
import { matrixSymbol } from './measured-matrix.ts'
import { alarmOf, measurementStatusWords } from './status-words.ts'

/** A row of a result, as shown. */
export interface ResultRow {
  readonly cells: readonly string[]
  /** Whether it must not be taken as it is. */
  readonly isAlarming: boolean
}

/** A table of results, as shown; numbers stand at the right. */
export interface ResultTable {
  readonly title: string
  readonly columns: readonly { readonly text: string; readonly isNumber: boolean }[]
  readonly rows: readonly ResultRow[]
}

const text = (name: string) => ({ text: name, isNumber: false })
const number = (name: string) => ({ text: name, isNumber: true })
const plain = (...cells: string[]): ResultRow => ({ cells, isAlarming: false })

/** The tables of a measurement; none without rows. */
export function resultTables(document: MeasurementDocument): ResultTable[] {
  return tablesOf(document).filter(({ rows }) => rows.length > 0)
}

function tablesOf(document: MeasurementDocument): ResultTable[] {
  switch (document.kind) {
    case 'eigenpairs':
      return [
        {
          title: `Extreme eigenvalues of ${matrixSymbol(document)}`,
          columns: eigenvalueColumns,
          rows: eigenvalueRows(document).map(eigenvalueCells),
        },
      ]
    case 'interior':
      return [interiorTable(document)]
    case 'scalar':
      return [partsTable(document)]
    case 'diagonal':
      return diagonalTables(document)
    case 'density':
      return densityTables(document)
    case 'evolution':
      return [evolutionTable(document)]
    case 'trace':
    case 'dense':
      return []
  }
}

const eigenvalueColumns = [
  text('Eigenvalue'),
  number('λ'),
  number('Residual'),
  number('Residual / |λ|max'),
]

const eigenvalueCells = (row: ReturnType<typeof eigenvalueRows>[number]): ResultRow => ({
  cells: [
    row.label,
    row.value,
    row.residual,
    row.isConverged ? row.relativeResidual : `${row.relativeResidual} above tolerance`,
  ],
  isAlarming: !row.isConverged,
})

function interiorTable({ pairs, target, status }: InteriorDocument): ResultTable {
  return {
    title: `Eigenvalues nearest ${formatNumber(target)}`,
    columns: [text('Rank'), number('λ'), number('Distance'), number('Residual')],
    rows: pairs.map(({ value, residual }, i) => ({
      cells: [
        String(i + 1),
        formatToUncertainty(value, residual),
        formatNumber(Math.abs(value - target), 3),
        formatNumber(residual, 2),
      ],
      // However small its residual: nearer ones may be missing.
      isAlarming: alarmOf(status) !== null,
    })),
  }
}

/** Parts are named for a matrix A, whichever it is. */
const partsTable = (document: ScalarDocument): ResultTable => ({
  title: 'Computed from',
  columns: [text('Part'), number('Value')],
  rows: document.parts.map(({ name, value, standardError }) =>
    plain(
      name.replaceAll('A', matrixSymbol(document)),
      formatWithUncertainty(value, standardError),
    ),
  ),
})

function diagonalTables(document: DiagonalDocument): ResultTable[] {
  const symbol = matrixSymbol(document)
  const total = document.parts.reduce((sum, { value }) => sum + value, 0)
  return [
    {
      title: `Parts of tr ${symbol}`,
      columns: [text('Tensor'), number('Entries'), number('Part'), number('Share'), number('Mean')],
      rows: document.parts.map(({ name, size, value, standardError }) =>
        plain(
          name,
          formatCount(size),
          formatWithUncertainty(value, standardError),
          total === 0 ? '–' : formatPercent(value / total),
          formatToUncertainty(value / size, standardError / size, 4),
        ),
      ),
    },
    {
      title: 'Entries, estimates with their noise',
      columns: [text('Share of entries'), number('At or below')],
      rows: document.quantiles.map(({ share, value }) =>
        plain(`${formatNumber(share * 100, 3)} %`, formatNumber(value)),
      ),
    },
  ]
}

function densityTables(document: DensityDocument): ResultTable[] {
  const symbol = matrixSymbol(document)
  const { selfCheck, crossCheck, atoms } = document
  const moment = (
    name: string,
    { quadrature, reference }: NonNullable<typeof selfCheck>['mean'],
  ): ResultRow =>
    plain(
      name,
      formatWithUncertainty(quadrature.value, quadrature.standardError),
      formatWithUncertainty(reference.value, reference.standardError),
    )
  return [
    {
      title: 'Moments, against fresh probes',
      columns: [text('Moment'), number('Quadrature'), number('Fresh')],
      rows:
        selfCheck === null
          ? []
          : [
              moment(`tr ${symbol} / n`, selfCheck.mean),
              moment(`tr ${symbol}² / n`, selfCheck.square),
            ],
    },
    {
      title: 'Against Chebyshev moments',
      columns: [text('Difference'), number('Value')],
      rows:
        crossCheck === null
          ? []
          : [
              plain('Largest of a moment', formatNumber(crossCheck.momentDifference, 3)),
              plain('Wasserstein-1 distance', formatNumber(crossCheck.wasserstein, 3)),
              plain('Degree', formatCount(crossCheck.degree)),
            ],
    },
    {
      title: 'Eigenvalues found first',
      columns: [text('Rank'), number('λ'), number('Residual')],
      rows: atoms
        .toSorted((a, b) => b.value - a.value)
        .map(({ value, residual }, i) =>
          plain(
            formatCount(i + 1),
            formatToUncertainty(value, residual),
            formatNumber(residual, 2),
          ),
        ),
    },
  ]
}

function evolutionTable({ rows, classCount }: EvolutionDocument): ResultTable {
  const orDash = (value: number | null, format: (value: number) => string): string =>
    value === null ? '–' : format(value)
  const short = (value: number): string => formatNumber(value, 3)
  // Further out nobody can tell one from another.
  const probability = (p: number): string => (p < 1e-12 ? '< 10⁻¹²' : formatNumber(p, 2))
  const end = (pairs: EvolutionRow['top']): string => {
    const [pair] = pairs
    return pair === undefined ? '–' : formatToUncertainty(pair.value, pair.residual, 5)
  }
  return {
    title:
      classCount === null
        ? 'Snapshots'
        : `Snapshots; the data has ${formatCount(classCount)} classes`,
    columns: [
      number('Step'),
      text('Status'),
      number(`λ${formatRank(1)}`),
      number(`λ₋${formatRank(1)}`),
      number('Outliers'),
      number('Gap'),
      number('‖∇L‖'),
      number('Gradient share'),
      number('p'),
      number('Overlap'),
      number('Products'),
    ],
    rows: rows.map((row) => ({
      cells: [
        formatCount(row.step),
        measurementStatusWords[row.status].word,
        end(row.top),
        end(row.bottom),
        orDash(row.outliers, formatCount),
        orDash(row.gapRatio, short),
        formatNumber(row.gradientNorm),
        orDash(row.gradientShare, formatPercent),
        orDash(row.gradientShareP, probability),
        orDash(row.overlap, short),
        formatCount(row.products),
      ],
      isAlarming: alarmOf(row.status) !== null,
    })),
  }
}
