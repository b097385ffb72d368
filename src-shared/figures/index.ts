export { tableCsv } from './csv.ts'
export {
  dataCardEntries,
  meanings,
  methodEntries,
  provenanceEntries,
  settingsGroups,
  type Definition,
  type DefinitionGroup,
} from './definitions.ts'
export type { DensityAxis } from './density-curves.ts'
export { eigenvalueRows, type EigenvalueRow } from './eigenvalues.ts'
export * from './format.ts'
export { headlineNumbers, latestDocuments, type HeadlineNumber } from './headline.ts'
export {
  accuracyFigure,
  gradientNormFigure,
  lossFigure,
  type LearningAxis,
} from './learning-curves.ts'
export type { Figure, FigureOption, FigureTable } from './option.ts'
export { darkColors, lightColors, type FigureColors } from './palette.ts'
export { spectralDensityFigure } from './spectral-density.ts'
export {
  measurementNames,
  measurementStatusWords,
  runStatusWords,
  type StatusWord,
} from './status-words.ts'
export { figureTheme } from './theme.ts'
