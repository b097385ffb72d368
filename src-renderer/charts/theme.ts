import { figureTheme, lightColors, type FigureColors } from '#shared/figures'

const seriesTokens = lightColors.series.map((_, i) => `--series-${String(i + 1)}`)

/** The colors in effect, read from the style sheet's tokens. */
export function readColors(host: HTMLElement): FigureColors {
  // A custom property reads back as written; the color of an element reads back as what it is.
  const probe = document.createElement('span')
  host.append(probe)
  const read = (token: string): string => {
    probe.style.color = `var(${token})`
    return getComputedStyle(probe).color
  }
  const colors: FigureColors = {
    ink: read('--ink'),
    inkSoft: read('--ink-soft'),
    line: read('--line'),
    surface: read('--surface'),
    series: seriesTokens.map(read),
  }
  probe.remove()
  return colors
}

/** The ECharts theme of the colors in effect. */
export const readTheme = (host: HTMLElement): Record<string, unknown> =>
  figureTheme(readColors(host))
