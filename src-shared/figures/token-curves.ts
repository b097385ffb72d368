import type { MetricRow, RunDetail } from '../schemas/index.ts'
import { learningFigure, type LearningCurveOptions } from './learning-curves.ts'
import type { Figure } from './option.ts'

/** How the loss of a run that predicts tokens may be read. */
export interface TokenReading {
  /** Mean length of a token in the text; null if unknown. */
  readonly bytesPerToken: number | null
}

/** How to read the loss of a run; null unless it is the cross-entropy of tokens given tokens. */
export function tokenReading({
  dataCard,
  spec,
}: Pick<RunDetail, 'dataCard' | 'spec'>): TokenReading | null {
  if (dataCard === null || spec.train.loss !== 'cross-entropy') return null
  const { vocabulary, outputCount, bytesPerToken } = dataCard
  return vocabulary !== null && outputCount === vocabulary ? { bytesPerToken } : null
}

const splits = (read: (loss: number) => number, column: string) => [
  { name: 'training', column: `train_${column}`, read: (row: MetricRow) => read(row.trainLoss) },
  {
    name: 'validation',
    column: `validation_${column}`,
    read: (row: MetricRow) => (row.validationLoss === null ? null : read(row.validationLoss)),
  },
]

/** The number of equally likely tokens that would be as hard to tell: exp L. */
export function perplexityFigure(
  rows: readonly MetricRow[],
  options: LearningCurveOptions = {},
): Figure {
  return learningFigure(
    rows,
    splits(Math.exp, 'perplexity'),
    {
      title: 'Perplexity',
      axisName: 'perplexity exp L',
      caption: 'exp of the mean loss in nats a token, over each split.',
    },
    options,
  )
}

/** The loss in bits for each byte of text, which does not depend on how text is cut into tokens. */
export function bitsPerByteFigure(
  rows: readonly MetricRow[],
  bytesPerToken: number,
  options: LearningCurveOptions = {},
): Figure {
  return learningFigure(
    rows,
    splits((loss) => loss / (Math.LN2 * bytesPerToken), 'bits_per_byte'),
    {
      title: 'Bits per byte',
      axisName: 'bits per byte',
      caption: 'Mean loss in bits a token over the mean bytes a token, over each split.',
    },
    options,
  )
}
