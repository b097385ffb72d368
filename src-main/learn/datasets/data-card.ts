import { entriesOf, outputsOf } from '#learn/tasks'
import { classCounts, readAll, type SplitSamples } from './samples.ts'

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

/** Rows that means are taken over. */
const largestCount = 10_000

/** Describes data for the record of a run. */
export async function summarizeSamples({ train, validation }: SplitSamples): Promise<DataSummary> {
  const { features } = await readAll(train, largestCount)
  let sum = 0
  for (const value of features) sum += value
  const mean = sum / features.length
  let squares = 0
  for (const value of features) squares += (value - mean) ** 2
  return {
    trainCount: train.count,
    validationCount: validation?.count ?? 0,
    featureCount: entriesOf(train.features),
    outputCount: outputsOf(train.targets),
    classCounts: classCounts(train),
    featureMean: mean,
    featureDeviation: Math.sqrt(squares / features.length),
  }
}
