import { InputError, invariant, shuffledIndices, type RandomStream } from '#base'

/** Inputs of a network and what it should answer. */
export interface Samples {
  readonly count: number
  readonly featureCount: number
  readonly outputCount: number
  /** `[count, featureCount]`. */
  readonly features: Float32Array
  /** `[count, outputCount]`; one-hot for classes. */
  readonly targets: Float32Array
  /** `[count]`, the class of each row; null for regression. */
  readonly labels: Int32Array | null
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

/** Samples of classes, with one-hot targets; the labels are trusted to lie in 0…classCount − 1. */
export function classificationSamples(
  features: Float32Array,
  labels: Int32Array,
  classCount: number,
): Samples {
  const count = labels.length
  invariant(features.length % count === 0, 'features do not divide into rows')
  const targets = new Float32Array(count * classCount)
  for (let row = 0; row < count; row += 1) targets[row * classCount + labels[row]!] = 1
  const featureCount = features.length / count
  return { count, featureCount, outputCount: classCount, features, targets, labels }
}

/** Samples with real targets. */
export function regressionSamples(
  features: Float32Array,
  targets: Float32Array,
  count: number,
): Samples {
  const featureCount = features.length / count
  const outputCount = targets.length / count
  invariant(Number.isInteger(featureCount), 'features do not divide into rows')
  invariant(Number.isInteger(outputCount), 'targets do not divide into rows')
  return { count, featureCount, outputCount, features, targets, labels: null }
}

/**
 * Copies rows into a batch, row after row.
 *
 * @param indices - Rows, each trusted to lie in 0…count − 1.
 * @param features - At least `[indices.length, featureCount]`; what lies beyond is left alone.
 * @param targets - At least `[indices.length, outputCount]`; likewise.
 */
export function gatherRows(
  samples: Samples,
  indices: Uint32Array,
  features: Float32Array,
  targets: Float32Array,
): void {
  const { featureCount, outputCount } = samples
  for (let i = 0; i < indices.length; i += 1) {
    const row = indices[i]!
    const from = row * featureCount
    features.set(samples.features.subarray(from, from + featureCount), i * featureCount)
    const targetFrom = row * outputCount
    targets.set(samples.targets.subarray(targetFrom, targetFrom + outputCount), i * outputCount)
  }
}

/** The named rows, in the order given, as samples of their own; trusted as in {@link gatherRows}. */
export function selectRows(samples: Samples, indices: Uint32Array): Samples {
  const count = indices.length
  const features = new Float32Array(count * samples.featureCount)
  const targets = new Float32Array(count * samples.outputCount)
  gatherRows(samples, indices, features, targets)
  const { labels } = samples
  return {
    ...samples,
    count,
    features,
    targets,
    labels: labels && Int32Array.from(indices, (row) => labels[row]!),
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

/** How many rows each class has; null for regression. */
export function classCounts(samples: Samples): number[] | null {
  if (samples.labels === null) return null
  const counts = new Array<number>(samples.outputCount).fill(0)
  for (const label of samples.labels) counts[label]! += 1
  return counts
}
