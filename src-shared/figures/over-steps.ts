import type { MeasurementStatus } from '../schemas/index.ts'
import { formatCount, formatNumber, formatPowerOfTen } from './format.ts'
import { axis, lineSeries } from './frame.ts'
import type { FigureAxis, FigureSeries } from './option.ts'
import { alarmOf } from './status-words.ts'

/** How figures over steps are drawn. */
export interface StepFigureOptions {
  readonly scale?: 'linear' | 'log'
}

/** The axis of steps of all figures over snapshots. */
export const stepAxis: FigureAxis = axis('x', 'step', { min: 'dataMin', max: 'dataMax' })

export const labelStep = (x: number): string => `step ${formatCount(x)}`

/** A line through snapshots, each a dot: there are few. */
export const snapshotLine = (
  name: string,
  data: readonly (readonly [number, number])[],
  width = 1.5,
): FigureSeries =>
  lineSeries(name, data, {
    showSymbol: true,
    symbolSize: 4,
    sampling: undefined,
    lineStyle: { width },
  })

/** The axis of a number, whose logarithmic ticks are powers of ten. */
export const valueAxis = (name: string, scale: 'linear' | 'log'): FigureAxis =>
  scale === 'linear'
    ? axis('y', name)
    : axis('y', name, {
        type: 'log',
        axisLabel: { formatter: powerLabel, hideOverlap: true },
      })

const powerLabel = (value: number): string => {
  const exponent = Math.log10(value)
  return Number.isInteger(exponent) ? formatPowerOfTen(exponent) : formatNumber(value)
}

/** Diamonds at what must not be taken as it is; none where there is nothing of it. */
export function doubtMarks(
  points: readonly {
    readonly step: number
    readonly value: number
    readonly status: MeasurementStatus
  }[],
): FigureSeries[] {
  const doubtful = points.filter(({ status }) => alarmOf(status) !== null)
  if (doubtful.length === 0) return []
  const data = doubtful.map(({ step, value }) => [step, value] as const)
  return [
    lineSeries(doubtName, data, {
      showSymbol: true,
      symbol: 'diamond',
      symbolSize: 10,
      sampling: undefined,
      lineStyle: { width: 0 },
      z: 3,
    }),
  ]
}

/** In the legend. */
const doubtName = 'doubtful'
/** In the caption, behind what it is added to. */
export const doubtText = '; diamonds must not be taken as they are'

/** A level line from the first to the last step. */
export const levelLine = (
  name: string,
  rows: readonly { readonly step: number }[],
  y: number,
): FigureSeries =>
  lineSeries(
    name,
    rows.length === 0 ? [] : [rows[0], rows.at(-1)].map((row) => [row?.step ?? 0, y] as const),
    { showSymbol: false, lineStyle: { width: 1.25, type: [5, 4] } },
  )
