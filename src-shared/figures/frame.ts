import { formatNumber } from './format.ts'
import type {
  FigureAxis,
  FigureOption,
  FigureSeries,
  RenderItemApi,
  RenderItemParams,
  TooltipPoint,
} from './option.ts'

/** What the builders of figures have in common. */
export interface FrameOptions {
  readonly xAxis: FigureAxis
  readonly yAxis: FigureAxis
  readonly series: readonly FigureSeries[]
  /** Heads the tooltip, e.g. `step 125`. */
  readonly labelX: (x: number) => string
  /** Names in the legend; none for a figure of one line. */
  readonly legend?: readonly string[]
  /** Names of lines in the tooltip, where several share a name and with it a color. */
  readonly lineNames?: ReadonlyMap<number, string>
}

/** The option that all figures share: grid, tooltip and legend in the same places, nothing that moves. */
export function frameOption(options: FrameOptions): FigureOption {
  const names = options.legend ?? []
  return {
    animation: false,
    // The plot gives way to its labels and to the names of its axes, which stay inside the frame.
    grid: {
      left: 4,
      right: 20,
      top: names.length > 0 ? 36 : 12,
      bottom: 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'all',
    },
    legend: {
      // On a narrow screen its entries turn over instead of lying on the plot.
      type: 'scroll',
      show: names.length > 0,
      data: names,
      top: 0,
      left: 0,
      icon: 'roundRect',
    },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      confine: true,
      transitionDuration: 0,
      formatter: (points: readonly TooltipPoint[]) => tooltipText(points, options),
    },
    xAxis: options.xAxis,
    yAxis: options.yAxis,
    series: options.series,
  }
}

function tooltipText(points: readonly TooltipPoint[], { labelX, lineNames }: FrameOptions): string {
  const lines = points.filter(({ seriesType }) => seriesType === 'line')
  const x = lines[0]?.value[0]
  if (x === undefined || x === null) return ''
  const rows = lines.map(({ seriesIndex, seriesName, value }) => {
    const y = value[1]
    return `${lineNames?.get(seriesIndex) ?? seriesName}  ${y === undefined || y === null ? '–' : formatNumber(y)}`
  })
  return [labelX(x), ...rows].join('\n')
}

/** A named axis with its name along it; `unit` in brackets behind the name. */
export function axis(
  side: 'x' | 'y',
  name: string,
  more: { readonly type?: 'value' | 'log'; readonly [key: string]: unknown } = {},
): FigureAxis {
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: side === 'x' ? 14 : 10,
    nameMoveOverlap: true,
    axisLine: { onZero: false },
    scale: true,
    axisLabel: { formatter: (value: number) => formatNumber(value), hideOverlap: true },
    splitLine: { show: side === 'y' },
    ...more,
  }
}

/** A line through points; a single point is shown as a dot. */
export function lineSeries(
  name: string,
  data: readonly (readonly [number, number])[],
  more: Record<string, unknown> = {},
): FigureSeries {
  return {
    type: 'line',
    name,
    data,
    showSymbol: data.length === 1,
    symbol: 'circle',
    symbolSize: 5,
    // Keeps the extremes of every pixel, so that a spike of one step is never sampled away.
    sampling: 'minmax',
    lineStyle: { width: 1.5 },
    emphasis: { disabled: true },
    ...more,
  }
}

/** How strong the color of a band is: of the first, and of one that lies around it. */
export const bandStrengths = { inner: 0.22, outer: 0.1 } as const

/** The area between two curves; of the color of the line that has the same name. */
export function bandSeries(
  name: string,
  points: readonly (readonly [x: number, lower: number, upper: number])[],
  strength: number = bandStrengths.inner,
): FigureSeries {
  return {
    type: 'custom',
    name,
    data: points,
    encode: { x: 0, y: [1, 2] },
    silent: true,
    clip: true,
    z: 1,
    // One polygon for all points: it is drawn with the first.
    renderItem: (params: RenderItemParams, api: RenderItemApi) =>
      params.dataIndex === 0
        ? {
            type: 'polygon',
            shape: {
              points: [
                ...points.map(([x, , upper]) => api.coord([x, upper])),
                ...points.toReversed().map(([x, lower]) => api.coord([x, lower])),
              ],
            },
            style: { fill: api.visual('color'), opacity: strength },
          }
        : undefined,
  }
}

/** Short upright strokes at the foot of the plot, one a value. */
export function rugSeries(name: string, values: readonly number[], height = 12): FigureSeries {
  return {
    type: 'custom',
    name,
    data: values.map((value) => [value]),
    encode: { x: 0, tooltip: [] },
    silent: true,
    clip: true,
    z: 3,
    renderItem: (params: RenderItemParams, api: RenderItemApi) => {
      const value = values[params.dataIndex]
      if (value === undefined) return undefined
      const x = api.coord([value, 0])[0] ?? 0
      const foot = params.coordSys.y + params.coordSys.height
      return {
        type: 'line',
        shape: { x1: x, y1: foot, x2: x, y2: foot - height },
        style: { stroke: api.visual('color'), lineWidth: 1.5 },
      }
    },
  }
}
