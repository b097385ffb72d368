import type { Samples } from '#learn/datasets'

/** The inputs of a loss program after the parameters: features, targets, weights. */
export type LossBatch = readonly [Float32Array, Float32Array, Float32Array]

/**
 * Cuts samples into batches of one size whose weights are 1/N, so that sums over batches are means
 * over samples. Full batches are views; the last one is filled up with rows of weight 0.
 */
export function partitionSamples(samples: Samples, batchSize: number): LossBatch[] {
  const { count, featureCount, outputCount, features, targets } = samples
  const batches: LossBatch[] = []
  const full = new Float32Array(batchSize).fill(1 / count)
  for (let start = 0; start < count; start += batchSize) {
    const rows = Math.min(batchSize, count - start)
    const x = features.subarray(start * featureCount, (start + rows) * featureCount)
    const y = targets.subarray(start * outputCount, (start + rows) * outputCount)
    if (rows === batchSize) {
      batches.push([x, y, full])
      continue
    }
    const batch: LossBatch = [
      new Float32Array(batchSize * featureCount),
      new Float32Array(batchSize * outputCount),
      new Float32Array(batchSize),
    ]
    batch[0].set(x)
    batch[1].set(y)
    batch[2].fill(1 / count, 0, rows)
    batches.push(batch)
  }
  return batches
}

/** The share of right samples, exactly: a whole number over N, which sums of float32 weights 1/N only come near. */
export const accuracyOf = (sum: number | undefined, count: number): number | null =>
  sum === undefined ? null : Math.round(sum * count) / count
