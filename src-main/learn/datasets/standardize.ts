import { ShapeError } from '#base'
import { entriesOf } from '#learn/tasks'
import { eachFeatureChunk } from './data-card-moments.ts'
import { rowRange, type Samples, type SplitSamples } from './samples.ts'

interface FeatureScale {
  readonly mean: Float64Array
  /** 0 where the feature is constant. */
  readonly deviation: Float64Array
}

/** Mean and standard deviation (by n) of each feature, in float64 and in two passes. */
async function measureScale(samples: Samples): Promise<FeatureScale> {
  const { count } = samples
  const width = entriesOf(samples.features)
  const mean = new Float64Array(width)
  const deviation = new Float64Array(width)
  const first = new Float64Array(width)
  const isConstant = new Uint8Array(width).fill(1)
  let isFirst = true
  const rows = rowRange(0, count)
  await eachFeatureChunk(samples, rows, (values, chunk) => {
    if (isFirst) for (let j = 0; j < width; j += 1) first[j] = values[j]!
    isFirst = false
    for (let i = 0, j = 0; i < chunk * width; i += 1) {
      mean[j]! += values[i]! / count
      if (values[i] !== first[j]) isConstant[j] = 0
      j = j + 1 === width ? 0 : j + 1
    }
  })
  await eachFeatureChunk(samples, rows, (values, chunk) => {
    for (let i = 0, j = 0; i < chunk * width; i += 1) {
      deviation[j]! += (values[i]! - mean[j]!) ** 2 / count
      j = j + 1 === width ? 0 : j + 1
    }
  })
  for (let j = 0; j < width; j += 1) {
    deviation[j] = isConstant[j] === 1 ? 0 : Math.sqrt(deviation[j]!)
  }
  return { mean, deviation }
}

/** A view of the samples whose features are shifted and scaled as they are read. */
function rescale(samples: Samples, { mean, deviation }: FeatureScale): Samples {
  const width = mean.length
  return {
    ...samples,
    read: async (rows, features, targets) => {
      await samples.read(rows, features, targets)
      for (let i = 0, j = 0; i < rows.length * width; i += 1) {
        features[i] = deviation[j]! > 0 ? (features[i]! - mean[j]!) / deviation[j]! : 0
        j = j + 1 === width ? 0 : j + 1
      }
    },
  }
}

/**
 * Shifts and scales each feature to mean 0 and standard deviation 1 over the training rows, and the
 * validation rows by the same numbers. A feature that is constant in training becomes 0 in both.
 * Tokens are left as they are.
 *
 * Cost: two passes over the training rows; then a multiplication an entry wherever rows are read.
 *
 * @throws ShapeError if the two have different numbers of features.
 */
export async function standardize(parts: SplitSamples): Promise<SplitSamples> {
  const { train, validation } = parts
  const width = entriesOf(train.features)
  if (validation !== null && entriesOf(validation.features) !== width) {
    const shape = [validation.count, entriesOf(validation.features)]
    throw new ShapeError('validation', `[n, ${width}]`, shape)
  }
  if (train.features.kind === 'tokens') return parts
  const scale = await measureScale(train)
  return {
    train: rescale(train, scale),
    validation: validation && rescale(validation, scale),
  }
}
