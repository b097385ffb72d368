export { tableCsv } from './csv.ts'
export { dataCardEntries } from './data-card.ts'
export {
  provenanceEntries,
  settingsGroups,
  type Definition,
  type DefinitionGroup,
} from './definitions.ts'
export type { DensityAxis } from './density-curves.ts'
export { eigenvalueRows, type EigenvalueRow } from './eigenvalues.ts'
export * from './format.ts'
export { measurementNames, measurementTitle } from './measured-matrix.ts'
export { documentsOf, latestOf, matrixGroups, type MatrixGroup } from './matrix-groups.ts'
export { meanings } from './meanings.ts'
export { measuredValues, type MeasuredValue } from './measured-values.ts'
export { measurementChecks, type MeasurementCheck } from './measurement-checks.ts'
export { measurementLabel, measurementText } from './measurement-text.ts'
export { costText, methodEntries, noteText } from './method-entries.ts'
export { resultTables, type ResultTable } from './result-tables.ts'
export { headlineNumbers, type HeadlineNumber } from './headline.ts'
export { accuracyFigure, lossFigure, type LearningAxis } from './learning-curves.ts'
export type { Figure, FigureOption, FigureTable } from './option.ts'
export { darkColors, lightColors, type FigureColors } from './palette.ts'
export { snapshotsTable } from './snapshots-table.ts'
export { spectralDensityFigure } from './spectral-density.ts'
export { densitySteps, matrixFigures, spectrumFigure } from './spectrum-figures.ts'
export { alarmOf, measurementStatusWords, runStatusWords, type StatusWord } from './status-words.ts'
export {
  distanceFigure,
  gradientCosineFigure,
  gradientNormFigure,
  learningRateFigure,
  updateNormFigure,
} from './step-curves.ts'
export { figureTheme } from './theme.ts'
export {
  bitsPerByteFigure,
  perplexityFigure,
  tokenReading,
  type TokenReading,
} from './token-curves.ts'
export { trainingEndText } from './training-end.ts'
export {
  mainTrainingFigures,
  moreTrainingFigures,
  type TrainingFigures,
} from './training-figures.ts'
