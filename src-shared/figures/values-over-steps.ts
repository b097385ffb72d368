import type { MeasurementStatus } from '../schemas/index.ts'
import { formatCount, formatNumber } from './format.ts'
import { bandSeries, frameOption } from './frame.ts'
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

/** A number at one step. */
export interface ValueAtStep {
  readonly step: number
  readonly status: MeasurementStatus
  readonly value: number
  readonly standardError: number
}

/** A number with its standard error over the steps of training. */
export function valuesFigure(
  label: string,
  matrix: MeasuredMatrix,
  rows: readonly ValueAtStep[],
  { scale = 'linear' }: StepFigureOptions = {},
): Figure {
  const shown = rows.filter(({ value }) => scale === 'linear' || value > 0)
  const smallest = shown.reduce((least, { value }) => Math.min(least, value), Infinity)
  const line = snapshotLine(
    label,
    shown.map(({ step, value }) => [step, value] as const),
  )
  const band = bandSeries(
    label,
    shown.map(({ step, value, standardError }) => {
      const lower = value - standardError
      return [
        step,
        scale === 'log' && lower <= 0 ? smallest : lower,
        value + standardError,
      ] as const
    }),
  )
  const doubts = doubtMarks(shown)
  const series = [band, line, ...doubts]
  const last = rows.at(-1)
  return {
    title: `${label} of the ${matrixPhrase(matrix)} over training`,
    caption: `${label} at each snapshot; the band is ± 1 standard error${doubts.length > 0 ? doubtText : ''}.`,
    warning: null,
    description:
      last === undefined
        ? `No ${label} over training.`
        : `${label} at ${formatCount(rows.length)} snapshots; ${formatNumber(last.value)} at step ${formatCount(last.step)}.`,
    option: frameOption({
      xAxis: stepAxis,
      yAxis: valueAxis(label, scale),
      series,
      labelX: labelStep,
      legend: doubts.length > 0 ? [label, ...doubts.map(({ name }) => name)] : [],
    }),
    table: {
      columns: ['step', 'status', 'value', 'standard_error'],
      rows: rows.map(({ step, status, value, standardError }) => [
        step,
        status,
        value,
        standardError,
      ]),
    },
  }
}
