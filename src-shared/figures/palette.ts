/** The colors a figure is drawn in; a theme of ECharts is made of them. */
export interface FigureColors {
  readonly ink: string
  readonly inkSoft: string
  readonly line: string
  readonly surface: string
  /** In the order of use; distinguishable under the common forms of color blindness. */
  readonly series: readonly string[]
}

/**
 * Colors on white, after Okabe and Ito; the same as the tokens of the renderer's style sheet.
 *
 * @see Okabe and Ito, Color Universal Design (2008)
 */
export const lightColors: FigureColors = {
  ink: '#1b1d1f',
  inkSoft: '#565b61',
  line: '#dcddd9',
  surface: '#ffffff',
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'],
}

/** The same hues on near black. */
export const darkColors: FigureColors = {
  ink: '#e8e9e7',
  inkSoft: '#a6acb0',
  line: '#363b3e',
  surface: '#1b1e20',
  series: ['#56b4e9', '#e69f00', '#2fc79a', '#e39bc5', '#d55e00', '#f0e442'],
}
