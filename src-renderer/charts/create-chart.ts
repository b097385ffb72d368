import { CustomChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import type { EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers'
import { figureTheme, lightColors, type FigureOption } from '#shared/figures'

use([
  CustomChart,
  LineChart,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  CanvasRenderer,
  SVGRenderer,
])

/** A drawn figure. */
export interface Chart {
  draw(option: FigureOption): void
  resize(): void
  dispose(): void
}

export type ChartFactory = (host: HTMLElement, theme: Record<string, unknown>) => Chart

/** Draws into an element. On a canvas: the engine's content policy forbids what the SVG painter writes. */
export const createChart: ChartFactory = (host, theme) => {
  const chart = init(host, theme, { renderer: 'canvas' })
  return {
    draw: (option) =>
      chart.setOption(option as unknown as EChartsCoreOption, {
        notMerge: true,
        lazyUpdate: false,
      }),
    resize: () => chart.resize(),
    dispose: () => chart.dispose(),
  }
}

const exportSize = { width: 960, height: 540 }

/** The figure as an SVG document, in the light colors that print. */
export function figureSvg(option: FigureOption): string {
  const theme = figureTheme(lightColors)
  const chart = init(null, theme, { renderer: 'svg', ssr: true, ...exportSize })
  try {
    chart.setOption(option as unknown as EChartsCoreOption)
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

/** The figure as a PNG on white, at twice the size of the SVG. */
export async function figurePng(option: FigureOption): Promise<Blob> {
  const host = document.createElement('div')
  const chart = init(host, figureTheme(lightColors), { renderer: 'canvas', ...exportSize })
  try {
    chart.setOption(option as unknown as EChartsCoreOption)
    const canvas = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: lightColors.surface })
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => {
        if (blob === null) reject(new Error('the picture could not be made'))
        else resolve(blob)
      }, 'image/png')
    })
  } finally {
    chart.dispose()
  }
}
