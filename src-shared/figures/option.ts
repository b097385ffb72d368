/** One series of a figure, in ECharts' words. */
export interface FigureSeries {
  readonly type: 'line' | 'custom' | 'scatter'
  readonly name: string
  readonly data: readonly (readonly (number | null)[])[]
  readonly [key: string]: unknown
}

/** An axis of a figure, in ECharts' words. */
export interface FigureAxis {
  readonly type: 'value' | 'log'
  readonly name: string
  readonly [key: string]: unknown
}

/** An ECharts option without colors: those come from the theme, so one option serves screen and paper. */
export interface FigureOption {
  readonly animation: false
  readonly xAxis: FigureAxis
  readonly yAxis: FigureAxis
  readonly series: readonly FigureSeries[]
  readonly [key: string]: unknown
}

/** The numbers behind a figure, in full. */
export interface FigureTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (number | string | null)[])[]
}

/** A figure ready to be drawn: the same frame on every page and in every report. */
export interface Figure {
  /** A quantity, in sentence case. */
  readonly title: string
  /** One sentence. */
  readonly caption: string
  /** Why it must not be taken as it is; null where it can. */
  readonly warning?: string | null
  /** What a person who cannot see the picture should be told. */
  readonly description: string
  readonly option: FigureOption
  readonly table: FigureTable
}

/** What ECharts hands to `renderItem`, as far as used here. */
export interface RenderItemApi {
  coord(point: readonly number[]): number[]
  visual(name: 'color'): string
}

/** Which item is drawn, and where the plot is. */
export interface RenderItemParams {
  readonly dataIndex: number
  readonly coordSys: {
    readonly x: number
    readonly y: number
    readonly width: number
    readonly height: number
  }
}

/** What a tooltip formatter is given, as far as used here. */
export interface TooltipPoint {
  readonly seriesType: string
  readonly seriesIndex: number
  readonly seriesName: string
  readonly value: readonly (number | null)[]
}
