import { classCounts, type SplitSamples } from './samples.ts'

/** What the data look like; counted and averaged over the training rows. */
export interface DataSummary {
  readonly trainCount: number
  readonly validationCount: number
  readonly featureCount: number
  readonly outputCount: number
  /** Training rows of each class; null for regression. */
  readonly classCounts: number[] | null
  /** Mean over all entries of the training features. */
  readonly featureMean: number
  /** Standard deviation (by n) over all entries of the training features. */
  readonly featureDeviation: number
}

/** Describes data for the record of a run. */
export function summarizeSamples({ train, validation }: SplitSamples): DataSummary {
  const { features } = train
  let sum = 0
  for (const value of features) sum += value
  const mean = sum / features.length
  let squares = 0
  for (const value of features) squares += (value - mean) ** 2
  return {
    trainCount: train.count,
    validationCount: validation?.count ?? 0,
    featureCount: train.featureCount,
    outputCount: train.outputCount,
    classCounts: classCounts(train),
    featureMean: mean,
    featureDeviation: Math.sqrt(squares / features.length),
  }
}
