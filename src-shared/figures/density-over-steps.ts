import type { DensityDocument } from '../schemas/index.ts'
import { asinhScale, toCoordinate, weightedNodes, type Coordinate } from '../statistics/index.ts'
import { asinhAxis, curveOf, estimatedSource, type DensityAxis } from './density-curves.ts'
import { formatCount, formatNumber } from './format.ts'
import { axis, frameOption } from './frame.ts'
import { matrixPhrase } from './measured-matrix.ts'
import type { Figure, FigureSeries, RenderItemApi, RenderItemParams } from './option.ts'
import { alarmOf } from './status-words.ts'

/** Cells of a column. */
const cellCount = 120
/** Decades of density between the faintest color and the strongest. */
const decades = 4

/**
 * The density of a matrix at each snapshot, a column a snapshot, the color the stronger the denser.
 *
 * @param documents - In step order, one a step.
 * @param options.axis - Of λ; a logarithmic one has no place for both signs, so it is drawn as asinh.
 */
export function densityOverStepsFigure(
  documents: readonly DensityDocument[],
  options: { readonly axis?: DensityAxis } = {},
): Figure {
  const sources = documents.map(estimatedSource)
  const quadratures = sources.map(({ quadrature }) => quadrature)
  const last = quadratures.at(-1)
  const scale = last === undefined ? 1 : asinhScale(last)
  const coordinate: Coordinate =
    options.axis === 'linear' ? { kind: 'linear' } : { kind: 'asinh', scale }
  const values = quadratures.flatMap(weightedNodes).map(({ value }) => value)
  const smallest = values.reduce((a, b) => Math.min(a, b), Infinity)
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity)
  const [low, high] = [toCoordinate(coordinate, smallest), toCoordinate(coordinate, largest)]
  // One kernel for all snapshots, or their colors could not be compared.
  const kernelDeviation = high > low ? (high - low) / 80 : 1e-3 * (Math.abs(high) || 1)
  const range = [low - 3 * kernelDeviation, high + 3 * kernelDeviation] as const
  const curves = sources.map((source) =>
    curveOf(source, coordinate, { kernelDeviation, range, points: cellCount }),
  )
  const cells = curves.flatMap(({ u, density }, column) =>
    u.map((place, i) => [column, place, density[i] ?? 0] as const),
  )
  const isLinear = coordinate.kind === 'linear'
  const labels = asinhAxis(scale, range[0], range[1], 8)
  const matrix = documents[0] === undefined ? 'matrix' : matrixPhrase(documents[0])
  const kernel = isLinear
    ? `${formatNumber(kernelDeviation, 2)} in λ`
    : `${formatNumber(kernelDeviation, 2)} in asinh(λ/s), s = ${formatNumber(scale, 2)}`
  const doubtful = documents.filter(({ status }) => alarmOf(status) !== null)
  return {
    title: `Spectral density of the ${matrix} over training`,
    caption: `A column a snapshot; the stronger the color, the denser, over ${String(decades)} decades below the highest density; smoothed by a Gaussian kernel of standard deviation ${kernel}.`,
    warning:
      doubtful.length === 0
        ? null
        : `Not to be taken as they are: ${doubtful.map(({ step }) => `step ${formatCount(step)}`).join(', ')}.`,
    description: `Spectral density of the ${matrix} at ${formatCount(documents.length)} snapshots, from ${formatNumber(smallest)} to ${formatNumber(largest)}.`,
    option: frameOption({
      xAxis: axis('x', 'step', columnTicks(documents.map(({ step }) => step))),
      yAxis: axis('y', isLinear ? 'eigenvalue λ' : 'eigenvalue λ (asinh axis)', {
        min: range[0],
        max: range[1],
        ...(isLinear
          ? { axisLabel: { showMinLabel: false, showMaxLabel: false, formatter: formatPlace } }
          : {
              axisTick: { customValues: labels.ticks },
              axisLabel: { customValues: labels.ticks, formatter: labels.labelTick },
            }),
        splitLine: { show: false },
      }),
      series: [cellSeries(cells, (range[1] - range[0]) / (cellCount - 1))],
      labelX: () => '',
    }),
    table: {
      columns: ['step', 'lambda', 'density'],
      rows: curves.flatMap(({ lambda, density }, column) =>
        lambda.map((value, i) => [documents[column]?.step ?? null, value, density[i] ?? null]),
      ),
    },
  }
}

const formatPlace = (value: number): string => formatNumber(value)

/** Snapshots side by side, however far apart their steps: most schedules grow. */
function columnTicks(steps: readonly number[]): Record<string, unknown> {
  const every = Math.max(1, Math.ceil(steps.length / 12))
  const ticks = steps.flatMap((_, i) => (i % every === 0 ? [i] : []))
  return {
    min: -0.5,
    max: steps.length - 0.5,
    axisTick: { customValues: ticks },
    axisLabel: {
      customValues: ticks,
      formatter: (x: number) => formatCount(steps[Math.round(x)] ?? 0),
      hideOverlap: true,
    },
  }
}

/** Cells one wide and `height` high in the units of the axes. */
function cellSeries(
  cells: readonly (readonly [column: number, place: number, density: number])[],
  height: number,
): FigureSeries {
  const peak = cells.reduce((most, [, , density]) => Math.max(most, density), 0)
  const strength = (density: number): number =>
    density > 0 && peak > 0 ? Math.max(0, 1 + Math.log10(density / peak) / decades) : 0
  return {
    type: 'custom',
    name: 'density',
    data: cells,
    encode: { x: 0, y: 1 },
    silent: true,
    clip: true,
    renderItem: (params: RenderItemParams, api: RenderItemApi) => {
      const cell = cells[params.dataIndex]
      if (cell === undefined) return undefined
      const [column, place, density] = cell
      const opacity = strength(density)
      if (opacity < 0.01) return undefined
      const [left = 0, top = 0] = api.coord([column - 0.5, place + height / 2])
      const [right = 0, bottom = 0] = api.coord([column + 0.5, place - height / 2])
      return {
        type: 'rect',
        shape: { x: left, y: top, width: right - left, height: bottom - top },
        style: { fill: api.visual('color'), opacity },
      }
    },
  }
}
