import type { FigureColors } from './palette.ts'

/** Faces of the interface, with what a machine without them falls back to. */
export const fontFamily =
  "'Inter Variable', Inter, system-ui, -apple-system, 'Segoe UI', sans-serif"

/** The ECharts theme of all figures. */
export function figureTheme(colors: FigureColors): Record<string, unknown> {
  const axis = {
    axisLine: { show: true, lineStyle: { color: colors.inkSoft, width: 1 } },
    axisTick: { show: true, lineStyle: { color: colors.inkSoft } },
    minorTick: { lineStyle: { color: colors.inkSoft } },
    axisLabel: { color: colors.inkSoft, fontSize: 12 },
    nameTextStyle: { color: colors.ink, fontSize: 12 },
    splitLine: { show: true, lineStyle: { color: colors.line, width: 1 } },
    splitArea: { show: false },
  }
  return {
    color: [...colors.series],
    backgroundColor: 'transparent',
    textStyle: { color: colors.ink, fontFamily },
    valueAxis: axis,
    logAxis: axis,
    legend: {
      textStyle: { color: colors.ink, fontSize: 12, lineHeight: 18 },
      inactiveColor: colors.inkSoft,
      itemWidth: 18,
      itemHeight: 8,
      itemGap: 24,
      pageIconColor: colors.ink,
      pageIconInactiveColor: colors.line,
      pageIconSize: 11,
      pageTextStyle: { color: colors.inkSoft },
    },
    tooltip: {
      backgroundColor: colors.surface,
      borderColor: colors.inkSoft,
      borderWidth: 1,
      padding: 8,
      textStyle: { color: colors.ink, fontSize: 12, fontFamily },
    },
    axisPointer: { lineStyle: { color: colors.inkSoft, type: 'solid', width: 1 } },
  }
}
