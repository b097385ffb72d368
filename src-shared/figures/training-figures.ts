import type { MetricRow } from '../schemas/index.ts'
import { accuracyFigure, lossFigure, type LearningCurveOptions } from './learning-curves.ts'
import type { Figure } from './option.ts'
import {
  distanceFigure,
  gradientCosineFigure,
  gradientNormFigure,
  learningRateFigure,
  updateNormFigure,
} from './step-curves.ts'
import { bitsPerByteFigure, perplexityFigure, type TokenReading } from './token-curves.ts'

/** The figures of a training that have something to show, and what those without would show. */
export interface TrainingFigures {
  readonly figures: readonly Figure[]
  /** What the run did not record, for the middle of a sentence; runs of earlier versions recorded less. */
  readonly unrecorded: readonly string[]
}

const isDrawn = ({ option }: Figure): boolean => option.series.length > 0

/** What every training is judged by: its loss, and its accuracy where it classifies. */
export const mainTrainingFigures = (
  rows: readonly MetricRow[],
  options: LearningCurveOptions = {},
): readonly Figure[] => [lossFigure(rows, options), accuracyFigure(rows, options)].filter(isDrawn)

/** What tells more of how training went. Costs one pass over the rows a figure. */
export function moreTrainingFigures(
  rows: readonly MetricRow[],
  tokens: TokenReading | null,
  options: LearningCurveOptions = {},
): TrainingFigures {
  const bytesPerToken = tokens?.bytesPerToken ?? null
  const all = [
    ...(tokens === null ? [] : [perplexityFigure(rows, options)]),
    ...(bytesPerToken === null ? [] : [bitsPerByteFigure(rows, bytesPerToken, options)]),
    learningRateFigure(rows, options),
    gradientNormFigure(rows, options),
    updateNormFigure(rows, options),
    gradientCosineFigure(rows, options),
    distanceFigure(rows, options),
  ]
  return {
    figures: all.filter(isDrawn),
    unrecorded: all
      .filter((figure) => !isDrawn(figure))
      .map(({ title }) => title.charAt(0).toLowerCase() + title.slice(1)),
  }
}
