import { InputError, invariant, shuffledIndices, type RandomStream } from '#base'
import {
  entriesOf,
  labelsPerSample,
  type FeatureSpec,
  type TargetSpec,
  type Task,
} from '#learn/tasks'

/** Buffer of a batch's features: float32 for values, int32 for tokens. */
export type FeatureBuffer = Float32Array | Int32Array

/** Buffer of a batch's answers: int32 for classes, float32 for values. */
export type TargetBuffer = Float32Array | Int32Array

/** A data set: rows that can be read by number; held in memory, computed, or decoded from files. */
export interface Samples extends Task {
  readonly count: number
  /** `[count · perSample]`, where they are known without decoding the samples; else null. */
  readonly labels: Int32Array | null
  /**
   * Copies rows, one after another, to the front of two buffers. Equal rows give equal bytes.
   *
   * @param rows - Each trusted to lie in 0…count − 1.
   * @param features - At least `[rows, …shape]` or `[rows, length]`; what lies beyond is left alone.
   * @param targets - At least `[rows, perSample]` labels or `[rows, count]` values; likewise.
   */
  read(rows: Uint32Array, features: FeatureBuffer, targets: TargetBuffer): Promise<void>
}

/** Most entries of one array of samples: 2 GiB of float32. */
export const largestEntryCount = 2 ** 29

/**
 * Refuses sizes that would not fit in memory, before anything is allocated.
 *
 * @param key - The option to lower, e.g. `samples`.
 * @param width - Entries a row has.
 * @throws InputError naming the option and its range.
 */
export function checkEntryCount(key: string, count: number, width: number): void {
  const most = Math.floor(largestEntryCount / width)
  if (count <= most) return
  throw new InputError(
    key,
    `${key} must be at most ${most} with ${width} numbers each, got ${count}`,
  )
}

/** Numbers or labels an answer has. */
export const answerEntries = (targets: TargetSpec): number =>
  targets.kind === 'classes' ? labelsPerSample(targets) : targets.count

/** Copies rows of a matrix to the front of another. */
function copyRows(
  rows: Uint32Array,
  width: number,
  source: FeatureBuffer,
  target: FeatureBuffer,
): void {
  for (let i = 0; i < rows.length; i += 1) {
    const from = rows[i]! * width
    target.set(source.subarray(from, from + width), i * width)
  }
}

/**
 * Samples that lie in memory.
 *
 * @param values - `[count, …]`, float32 for values and int32 for tokens.
 * @param answers - `[count, …]`, int32 labels, trusted to be in range, or float32 values.
 */
export function samplesInMemory(options: {
  readonly features: FeatureSpec
  readonly targets: TargetSpec
  readonly values: FeatureBuffer
  readonly answers: TargetBuffer
}): Samples {
  const { features, targets, values, answers } = options
  const width = entriesOf(features)
  const answerWidth = answerEntries(targets)
  const count = answers.length / answerWidth
  invariant(Number.isInteger(count), 'answers do not divide into rows')
  invariant(values.length === count * width, 'features do not divide into rows')
  return {
    features,
    targets,
    count,
    labels: answers instanceof Int32Array ? answers : null,
    read: (rows, batchFeatures, batchTargets) => {
      copyRows(rows, width, values, batchFeatures)
      copyRows(rows, answerWidth, answers, batchTargets)
      return Promise.resolve()
    },
  }
}

/** Samples of classes; the labels are trusted to lie in 0…classCount − 1. */
export function classificationSamples(
  values: Float32Array,
  labels: Int32Array,
  classCount: number,
  shape: readonly number[] = [values.length / labels.length],
): Samples {
  return samplesInMemory({
    features: { kind: 'values', shape },
    targets: { kind: 'classes', count: classCount, perSample: 1 },
    values,
    answers: labels,
  })
}

/** Samples with real targets. */
export function regressionSamples(
  values: Float32Array,
  answers: Float32Array,
  count: number,
  shape: readonly number[] = [values.length / count],
): Samples {
  return samplesInMemory({
    features: { kind: 'values', shape },
    targets: { kind: 'values', count: answers.length / count },
    values,
    answers,
  })
}

/** Buffers for the features and answers of as many rows. */
export function batchBuffers(
  { features, targets }: Task,
  rows: number,
): { readonly features: FeatureBuffer; readonly targets: TargetBuffer } {
  const size = rows * entriesOf(features)
  const answers = rows * answerEntries(targets)
  return {
    features: features.kind === 'tokens' ? new Int32Array(size) : new Float32Array(size),
    targets: targets.kind === 'classes' ? new Int32Array(answers) : new Float32Array(answers),
  }
}

/** Row numbers from…to − 1. */
export const rowRange = (from: number, to: number): Uint32Array =>
  Uint32Array.from({ length: to - from }, (_, i) => from + i)

/**
 * All rows, or the first `limit`, in memory.
 *
 * @throws InputError if they are more than fit.
 */
export async function readAll(
  samples: Samples,
  limit: number = samples.count,
): Promise<{ readonly features: FeatureBuffer; readonly targets: TargetBuffer }> {
  const count = Math.min(limit, samples.count)
  checkEntryCount('samples', count, entriesOf(samples.features))
  checkEntryCount('samples', count, answerEntries(samples.targets))
  const buffers = batchBuffers(samples, count)
  await samples.read(rowRange(0, count), buffers.features, buffers.targets)
  return buffers
}

/** The named rows, in the order given, as samples of their own; a view. Trusted to be in range. */
export function selectRows(samples: Samples, indices: Uint32Array): Samples {
  const { labels, targets } = samples
  const perSample = labelsPerSample(targets)
  let selected: Int32Array | null = null
  if (labels !== null) {
    selected = new Int32Array(indices.length * perSample)
    copyRows(indices, perSample, labels, selected)
  }
  return {
    ...samples,
    count: indices.length,
    labels: selected,
    read: (rows, batchFeatures, batchTargets) =>
      samples.read(
        rows.map((row) => indices[row]!),
        batchFeatures,
        batchTargets,
      ),
  }
}

/** Training samples and what is held out, if anything. */
export interface SplitSamples {
  readonly train: Samples
  readonly validation: Samples | null
}

/**
 * How many of `count` samples are held out: round(fraction · count).
 *
 * @throws InputError if none would be left to train on.
 */
export function heldOutCount(count: number, validationFraction: number): number {
  const heldOut = Math.round(validationFraction * count)
  if (validationFraction >= 0 && heldOut < count) return heldOut
  const limit = 1 - 0.5 / count
  throw new InputError(
    'validationFraction',
    `validationFraction must be in [0, ${limit}) to leave one of ${count} samples for training, got ${validationFraction}`,
  )
}

/**
 * Holds out round(fraction · count) rows drawn without replacement; both parts keep the rows' order.
 * Where that is no row, `validation` is null and `train` is the very samples given.
 *
 * @throws InputError if no row would be left to train on.
 */
export function splitSamples(
  samples: Samples,
  validationFraction: number,
  stream: RandomStream,
): SplitSamples {
  const { count } = samples
  const heldOut = heldOutCount(count, validationFraction)
  if (heldOut === 0) return { train: samples, validation: null }
  const order = shuffledIndices(count, stream)
  return {
    train: selectRows(samples, order.subarray(heldOut).sort()),
    validation: selectRows(samples, order.subarray(0, heldOut).sort()),
  }
}

/** How many answers each class has; null where the labels are not known beforehand. */
export function classCounts({ labels, targets }: Samples): number[] | null {
  if (labels === null) return null
  const counts = new Array<number>(targets.count).fill(0)
  for (const label of labels) counts[label]! += 1
  return counts
}
