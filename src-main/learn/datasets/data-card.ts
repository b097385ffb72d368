import { createStream, type RandomStream } from '#base'
import { entriesOf, outputsOf } from '#learn/tasks'
import { sampleDimension } from './data-card-dimension.ts'
import { measureMoments } from './data-card-moments.ts'
import type { IntrinsicDimension } from './intrinsic-dimension.ts'
import { chooseRows } from './sample-distinct.ts'
import { classCounts, type Samples, type SplitSamples } from './samples.ts'

/** What the data look like. What is measured is measured on training rows. */
export interface DataSummary {
  readonly trainCount: number
  readonly validationCount: number
  /** Numbers or tokens of a sample. */
  readonly featureCount: number
  /** Classes, or numbers of an answer. */
  readonly outputCount: number
  /** Labels of each class; null for regression, above 1,000 classes and where labels are not known unread. */
  readonly classCounts: number[] | null
  /** Of all features together, as the next; null for tokens. */
  readonly featureMean: number | null
  /** Standard deviation, by n. */
  readonly featureDeviation: number | null
  /** Null for tokens. */
  readonly featureShape: number[] | null
  /** Null unless the features are tokens, as the next two. */
  readonly vocabulary: number | null
  readonly sequenceLength: number | null
  readonly bytesPerToken: number | null
  /** In the order of the labels. */
  readonly classNames: string[] | null
  /** Of each channel of an image, or of each feature; null above 64. */
  readonly channelMeans: number[] | null
  readonly channelDeviations: number[] | null
  /** Null for tokens and for fewer than 30 rows that differ. */
  readonly intrinsicDimension: IntrinsicDimension | null
}

/** Classes that are counted one by one. */
const mostClasses = 1000

/** Numbers that means are taken over. */
const mostEntries = 2 ** 23

/** Rows that means are taken over: all, or a seeded subset of at most 10,000, fewer if they are large. */
function rowsForMoments({ count, features }: Samples, stream: RandomStream): Uint32Array {
  const wanted = Math.max(100, Math.min(10_000, Math.floor(mostEntries / entriesOf(features))))
  return chooseRows(count, wanted, stream)
}

/**
 * Describes data for the record of a run.
 *
 * Means and deviations are taken over all rows up to 10,000 and 2²³ numbers, over a random subset of
 * that size beyond (of 100 rows at least); the dimension over a random subset of 2,000 rows at most,
 * fewer where rows have more than 300 features, and after a random projection to 1,024 coordinates
 * where they have more than that. Takes about a second. A card depends on nothing but the data: its
 * seed is its own.
 *
 * @param known - What the samples themselves do not tell.
 */
export async function summarizeSamples(
  { train, validation }: SplitSamples,
  known: {
    readonly classNames?: readonly string[] | null
    /** Mean length of a token of the training text. */
    readonly bytesPerToken?: number | null
  } = {},
): Promise<DataSummary> {
  const { features, targets } = train
  const isNumeric = features.kind === 'values' && train.count > 0
  const stream = createStream(0, 'data-card')
  const rows = rowsForMoments(train, stream.fork('moments'))
  const moments = isNumeric ? await measureMoments(train, rows) : null
  const channels = moments?.channels ?? null
  return {
    trainCount: train.count,
    validationCount: validation?.count ?? 0,
    featureCount: entriesOf(features),
    outputCount: outputsOf(targets),
    classCounts: targets.count <= mostClasses ? classCounts(train) : null,
    featureMean: moments?.mean ?? null,
    featureDeviation: moments?.deviation ?? null,
    featureShape: features.kind === 'values' ? [...features.shape] : null,
    vocabulary: features.kind === 'tokens' ? features.vocabulary : null,
    sequenceLength: features.kind === 'tokens' ? features.length : null,
    bytesPerToken: features.kind === 'tokens' ? (known.bytesPerToken ?? null) : null,
    classNames: known.classNames ? [...known.classNames] : null,
    channelMeans: channels?.map(({ mean }) => mean) ?? null,
    channelDeviations: channels?.map(({ deviation }) => deviation) ?? null,
    intrinsicDimension: isNumeric ? await sampleDimension(train, stream.fork('dimension')) : null,
  }
}
