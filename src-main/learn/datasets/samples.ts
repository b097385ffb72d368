import { InputError, NonFiniteError, shuffledIndices, type RandomStream } from '#base'

/** Samples in memory. */
export interface Samples {
  readonly count: number
  readonly featureCount: number
  readonly outputCount: number
  /** `[count, featureCount]`. */
  readonly features: Float32Array
  /** `[count, outputCount]`: one-hot for classes. */
  readonly targets: Float32Array
  /** `[count]` for classification. */
  readonly labels: Int32Array | null
}

/** Samples of a classification task from labels 0…classes − 1. */
export function labelledSamples(
  features: Float32Array,
  labels: Int32Array,
  classCount: number,
): Samples {
  const targets = new Float32Array(labels.length * classCount)
  labels.forEach((label, row) => (targets[row * classCount + label] = 1))
  return {
    count: labels.length,
    featureCount: features.length / labels.length,
    outputCount: classCount,
    features,
    targets,
    labels,
  }
}

/**
 * Refuses NaN and ±∞.
 *
 * @throws NonFiniteError naming array, row and column (from 0).
 */
export function requireFinite(
  data: Float32Array | Float64Array,
  columns: number,
  where: string,
): void {
  const at = data.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  throw new NonFiniteError(`${where}, row ${Math.floor(at / columns)}, column ${at % columns}`)
}

/** The rows named, in that order. */
export function selectRows(samples: Samples, rows: ArrayLike<number>): Samples {
  const { featureCount, outputCount } = samples
  const count = rows.length
  const features = new Float32Array(count * featureCount)
  const targets = new Float32Array(count * outputCount)
  gatherRows(samples, rows, features, targets)
  return {
    count,
    featureCount,
    outputCount,
    features,
    targets,
    labels: samples.labels === null ? null : Int32Array.from(rows, (row) => samples.labels![row]!),
  }
}

/** Copies rows into buffers, row after row. */
export function gatherRows(
  { featureCount, outputCount, features, targets }: Samples,
  rows: ArrayLike<number>,
  intoFeatures: Float32Array,
  intoTargets: Float32Array,
): void {
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]!
    intoFeatures.set(
      features.subarray(row * featureCount, (row + 1) * featureCount),
      i * featureCount,
    )
    intoTargets.set(targets.subarray(row * outputCount, (row + 1) * outputCount), i * outputCount)
  }
}

/**
 * Holds a random share out for validation.
 *
 * @param fraction - In 0…1; round(fraction·count) samples are held out.
 * @returns `validation` is null if nothing is held out.
 * @throws InputError if nothing would be left to train on.
 */
export function splitSamples(
  samples: Samples,
  fraction: number,
  stream: RandomStream,
): { train: Samples; validation: Samples | null } {
  const held = Math.round(fraction * samples.count)
  if (held >= samples.count) {
    throw new InputError(
      'validationFraction',
      `validationFraction ${fraction} leaves none of ${samples.count} samples to train on`,
    )
  }
  const order = shuffledIndices(samples.count, stream)
  return {
    train: selectRows(samples, order.subarray(held)),
    validation: held === 0 ? null : selectRows(samples, order.subarray(0, held)),
  }
}

/** Mean and deviation of each feature. */
export interface FeatureScale {
  readonly mean: Float64Array
  /** 0 for a feature that never varies. */
  readonly deviation: Float64Array
}

/** Measures mean and deviation of each feature. */
export function measureScale({ count, featureCount, features }: Samples): FeatureScale {
  const mean = new Float64Array(featureCount)
  const deviation = new Float64Array(featureCount)
  features.forEach((value, i) => (mean[i % featureCount]! += value / count))
  features.forEach((value, i) => {
    deviation[i % featureCount]! += (value - mean[i % featureCount]!) ** 2 / count
  })
  return { mean, deviation: deviation.map(Math.sqrt) }
}

/** Features to mean 0 and deviation 1 by a scale measured on the training split; constant ones to 0. */
export function standardizeFeatures(samples: Samples, { mean, deviation }: FeatureScale): Samples {
  const { featureCount } = samples
  return {
    ...samples,
    features: samples.features.map((value, i) => {
      const spread = deviation[i % featureCount]!
      return spread === 0 ? 0 : (value - mean[i % featureCount]!) / spread
    }),
  }
}

/** Number of samples of each class. */
export function countClasses({ labels, outputCount }: Samples): number[] | null {
  if (labels === null) return null
  const counts = new Array<number>(outputCount).fill(0)
  for (const label of labels) counts[label]! += 1
  return counts
}
