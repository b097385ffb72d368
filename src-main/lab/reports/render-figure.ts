import { CustomChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import type { EChartsCoreOption } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { figureTheme, lightColors, type FigureColors, type FigureOption } from '#shared/figures'

use([CustomChart, LineChart, GridComponent, LegendComponent, SVGRenderer])

/** Stand-ins that no figure uses for itself; each becomes a custom property of the report's style. */
const marks: FigureColors = {
  ink: '#010a01',
  inkSoft: '#010a02',
  line: '#010a03',
  surface: '#010a04',
  series: lightColors.series.map((_, i) => `#010b0${String(i + 1)}`),
}

const properties: readonly (readonly [mark: string, property: string])[] = [
  [marks.ink, 'ink'],
  [marks.inkSoft, 'ink-soft'],
  [marks.line, 'line'],
  [marks.surface, 'surface'],
  ...marks.series.map((mark, i) => [mark, `series-${String(i + 1)}`] as const),
]

/**
 * Draws a figure as an inline SVG element whose colors are custom properties of the page around it.
 *
 * @param name - Begins every id in it; unique in the document. Ids depend on nothing else, so that equal
 *   figures give equal text.
 */
export function renderFigure(
  option: FigureOption,
  name: string,
  size: { readonly width: number; readonly height: number },
): string {
  const chart = init(null, figureTheme(marks), { renderer: 'svg', ssr: true, ...size })
  try {
    const entries = Object.entries(option).filter(([key]) => key !== 'tooltip')
    chart.setOption(Object.fromEntries(entries) as EChartsCoreOption)
    return colored(still(chart.renderToSVGString()).replace(/\bzr\d+-/g, `${name}-`))
  } finally {
    // Without this the process would never end.
    chart.dispose()
  }
}

/** Without what ECharts adds for hovering, whose names count the charts of the whole process. */
const still = (svg: string): string =>
  svg
    .replace(/<style[^>]*>.*?<\/style>/gs, '')
    .replace(/ (?:class|pointer-events|ecmeta_\w+|xmlns:xlink)="[^"]*"/g, '')

const colored = (svg: string): string =>
  properties.reduce((text, [mark, property]) => text.replaceAll(mark, `var(--${property})`), svg)
