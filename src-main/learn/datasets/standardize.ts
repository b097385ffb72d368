import { ShapeError } from '#base'
import type { Samples, SplitSamples } from './samples.ts'

interface FeatureScale {
  readonly mean: Float64Array
  /** 0 where the feature is constant. */
  readonly deviation: Float64Array
}

/** Mean and standard deviation (by n) of each feature, in float64 and in two passes. */
function measureScale({ count, featureCount, features }: Samples): FeatureScale {
  const mean = new Float64Array(featureCount)
  const deviation = new Float64Array(featureCount)
  const isConstant = new Uint8Array(featureCount).fill(1)
  for (let i = 0, j = 0; i < features.length; i += 1) {
    mean[j]! += features[i]! / count
    if (features[i] !== features[j]) isConstant[j] = 0
    j = j + 1 === featureCount ? 0 : j + 1
  }
  for (let i = 0, j = 0; i < features.length; i += 1) {
    deviation[j]! += (features[i]! - mean[j]!) ** 2 / count
    j = j + 1 === featureCount ? 0 : j + 1
  }
  for (let j = 0; j < featureCount; j += 1) {
    deviation[j] = isConstant[j] === 1 ? 0 : Math.sqrt(deviation[j]!)
  }
  return { mean, deviation }
}

function rescale(samples: Samples, { mean, deviation }: FeatureScale): Samples {
  const features = new Float32Array(samples.features.length)
  for (let i = 0, j = 0; i < features.length; i += 1) {
    if (deviation[j]! > 0) features[i] = (samples.features[i]! - mean[j]!) / deviation[j]!
    j = j + 1 === samples.featureCount ? 0 : j + 1
  }
  return { ...samples, features }
}

/**
 * Shifts and scales each feature to mean 0 and standard deviation 1 over the training rows, and the
 * validation rows by the same numbers. A feature that is constant in training becomes 0 in both.
 *
 * @throws ShapeError if the two have different numbers of features.
 */
export function standardize({ train, validation }: SplitSamples): SplitSamples {
  if (validation !== null && validation.featureCount !== train.featureCount) {
    const { count, featureCount } = validation
    throw new ShapeError('validation', `[n, ${train.featureCount}]`, [count, featureCount])
  }
  const scale = measureScale(train)
  return {
    train: rescale(train, scale),
    validation: validation && rescale(validation, scale),
  }
}
