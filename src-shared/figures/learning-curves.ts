import type { MetricRow } from '../schemas/index.ts'
import { formatCount, formatNumber } from './format.ts'
import { axis, frameOption, lineSeries } from './frame.ts'
import type { Figure } from './option.ts'

/** What a learning curve is drawn against. */
export type LearningAxis = 'step' | 'epoch' | 'time'

/** How a learning curve is drawn. */
export interface LearningCurveOptions {
  readonly against?: LearningAxis
  readonly scale?: 'linear' | 'log'
}

/** A column of the metrics as a line. */
export interface Line {
  readonly name: string
  readonly column: string
  readonly read: (row: MetricRow) => number | null
}

const readX: Record<LearningAxis, (row: MetricRow) => number> = {
  step: (row) => row.step,
  epoch: (row) => row.epoch,
  time: (row) => row.elapsedMs / 1000,
}
const nameX: Record<LearningAxis, string> = { step: 'step', epoch: 'epoch', time: 'time (s)' }

const labelX: Record<LearningAxis, (x: number) => string> = {
  step: (x) => `step ${formatCount(x)}`,
  epoch: (x) => `epoch ${formatNumber(x)}`,
  time: (x) => `${formatNumber(x)} s`,
}

/** The words of a learning curve. */
export interface CurveText {
  readonly title: string
  readonly axisName: string
  readonly caption: string
}

/** A figure of columns of the metrics; a column of nulls draws nothing. */
export function learningFigure(
  rows: readonly MetricRow[],
  lines: readonly Line[],
  text: CurveText,
  { against = 'step', scale = 'linear' }: LearningCurveOptions,
  yAxis: Record<string, unknown> = {},
): Figure {
  const series = lines.flatMap(({ name, read }) => {
    const data = rows.flatMap((row) => {
      const y = read(row)
      // A logarithmic axis has no place for 0.
      return y === null || (scale === 'log' && y <= 0) ? [] : [[readX[against](row), y] as const]
    })
    return data.length > 0 ? [lineSeries(name, data)] : []
  })
  const last = rows.at(-1)
  const ends = lines.flatMap(({ name, read }) => {
    const y = last === undefined ? null : read(last)
    return y === null ? [] : [`${name} ${formatNumber(y)}`]
  })
  return {
    title: text.title,
    caption: text.caption,
    description:
      last === undefined
        ? `${text.title}: nothing recorded yet.`
        : `${text.title} at step ${formatCount(last.step)}: ${ends.join(', ')}.`,
    option: frameOption({
      xAxis: axis('x', nameX[against], { min: 0 }),
      yAxis: axis('y', text.axisName, { type: scale === 'log' ? 'log' : 'value', ...yAxis }),
      series,
      labelX: labelX[against],
      legend: series.length > 1 ? series.map(({ name }) => name) : [],
    }),
    table: {
      columns: ['step', 'epoch', 'elapsed_ms', ...lines.map(({ column }) => column)],
      rows: rows.map((row) => [
        row.step,
        row.epoch,
        row.elapsedMs,
        ...lines.map(({ read }) => read(row)),
      ]),
    },
  }
}

/** Mean loss of both splits. */
export function lossFigure(rows: readonly MetricRow[], options: LearningCurveOptions = {}): Figure {
  return learningFigure(
    rows,
    [
      { name: 'training', column: 'train_loss', read: (row) => row.trainLoss },
      { name: 'validation', column: 'validation_loss', read: (row) => row.validationLoss },
    ],
    {
      title: 'Loss',
      axisName: 'mean loss L',
      caption: 'Mean loss over each split, weight decay excluded.',
    },
    options,
  )
}

/** Share of samples classified rightly; without series for regression. */
export function accuracyFigure(
  rows: readonly MetricRow[],
  options: LearningCurveOptions = {},
): Figure {
  return learningFigure(
    rows,
    [
      { name: 'training', column: 'train_accuracy', read: (row) => row.trainAccuracy },
      {
        name: 'validation',
        column: 'validation_accuracy',
        read: (row) => row.validationAccuracy,
      },
    ],
    {
      title: 'Accuracy',
      axisName: 'accuracy',
      caption: 'Share of samples of each split whose largest output is their class.',
    },
    { ...options, scale: 'linear' },
    { max: 1 },
  )
}
