import type { Eigenpair, MeasurementStatus } from '../schemas/index.ts'
import { formatRank } from './eigenvalues.ts'
import { formatCount, formatNumber } from './format.ts'
import { frameOption } from './frame.ts'
import { matrixPhrase, type MeasuredMatrix } from './measured-matrix.ts'
import type { Figure } from './option.ts'
import {
  doubtMarks,
  doubtText,
  labelStep,
  snapshotLine,
  stepAxis,
  valueAxis,
  type StepFigureOptions,
} from './over-steps.ts'

/** Extreme eigenvalues at one step. */
export interface EigenvaluesAtStep {
  readonly step: number
  readonly status: MeasurementStatus
  readonly top: readonly Eigenpair[]
  readonly bottom: readonly Eigenpair[]
}

/** The extreme eigenvalues of a matrix over the steps of training. */
export function eigenvaluesFigure(
  matrix: MeasuredMatrix,
  rows: readonly EigenvaluesAtStep[],
  { scale = 'linear' }: StepFigureOptions = {},
): Figure {
  const isShown = (value: number): boolean => scale === 'linear' || value > 0
  const most = (side: 'top' | 'bottom'): number =>
    rows.reduce((count, row) => Math.max(count, row[side].length), 0)
  const line = (side: 'top' | 'bottom', rank: number) => ({
    side,
    rank,
    label: `λ${side === 'top' ? '' : '₋'}${formatRank(rank + 1)}`,
    column: `lambda_${side}_${String(rank + 1)}`,
    data: rows.flatMap((row) => {
      const value = row[side][rank]?.value
      return value === undefined || !isShown(value) ? [] : [[row.step, value] as const]
    }),
  })
  const lines = (['top', 'bottom'] as const).flatMap((side) =>
    Array.from({ length: most(side) }, (_, rank) => line(side, rank)),
  )
  const drawn = lines.filter(({ data }) => data.length > 0)
  const curves = drawn.map(({ side, rank, data }) =>
    snapshotLine(side === 'top' ? 'largest' : 'smallest', data, rank === 0 ? 1.75 : 0.75),
  )
  const doubts = doubtMarks(
    rows.flatMap(({ step, status, top, bottom }) =>
      [...top, ...bottom].flatMap(({ value }) => (isShown(value) ? [{ step, status, value }] : [])),
    ),
  )
  const series = [...curves, ...doubts]
  const last = rows.at(-1)
  const hidden =
    scale === 'log' && lines.some(({ data }) => data.length < rows.length)
      ? ' Values that are not positive have no place on this axis.'
      : ''
  return {
    title: `Extreme eigenvalues of the ${matrixPhrase(matrix)} over training`,
    caption: `The largest and smallest eigenvalues at each snapshot; the thick lines are λ${formatRank(1)} and λ₋${formatRank(1)}${doubts.length > 0 ? doubtText : ''}.${hidden}`,
    warning: null,
    description:
      last?.top[0] === undefined
        ? 'No eigenvalues over training.'
        : `Extreme eigenvalues at ${formatCount(rows.length)} snapshots; the largest is ${formatNumber(last.top[0].value)} at step ${formatCount(last.step)}.`,
    option: frameOption({
      xAxis: stepAxis,
      yAxis: valueAxis('eigenvalue λ', scale),
      series,
      labelX: labelStep,
      legend: [...new Set(series.map(({ name }) => name))],
      lineNames: new Map(drawn.map(({ label }, i) => [i, label])),
    }),
    table: {
      columns: ['step', 'status', ...lines.map(({ column }) => column)],
      rows: rows.map((row) => [
        row.step,
        row.status,
        ...lines.map(({ side, rank }) => row[side][rank]?.value ?? null),
      ]),
    },
  }
}
