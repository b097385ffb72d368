import { answerEntries, batchBuffers, rowRange, type Samples } from '#learn/datasets'
import { entriesOf } from '#learn/tasks'
import type { TensorData } from '#tensor/dense'

/** The inputs of a loss program after the parameters: running statistics, features, targets, weights. */
export type LossBatch = readonly TensorData[]

/**
 * Cuts samples into batches of one size whose weights are 1/N, so that sums over batches are means
 * over samples. The last one is filled up with rows of weight 0.
 *
 * @param buffers - Running statistics, shared by all batches.
 */
export async function partitionSamples(
  samples: Samples,
  batchSize: number,
  buffers: readonly TensorData[] = [],
): Promise<LossBatch[]> {
  const { count } = samples
  const batches: LossBatch[] = []
  for (let start = 0; start < count; start += batchSize) {
    const rows = Math.min(batchSize, count - start)
    const { features, targets } = batchBuffers(samples, batchSize)
    await samples.read(rowRange(start, start + rows), features, targets)
    const weights = new Float32Array(batchSize).fill(1 / count, 0, rows)
    batches.push([...buffers, features, targets, weights])
  }
  return batches
}

/** A batch that is filled again and again; rows it does not fill have weight 0. */
export interface BatchBuffer {
  readonly batch: LossBatch
  fill(rows: Uint32Array): Promise<void>
}

/** Room for a batch of samples. */
export function createBatchBuffer(samples: Samples, batchSize: number): BatchBuffer {
  const { features, targets } = batchBuffers(samples, batchSize)
  const weights = new Float32Array(batchSize)
  const width = entriesOf(samples.features)
  const answers = answerEntries(samples.targets)
  return {
    batch: [features, targets, weights],
    fill: async (rows) => {
      await samples.read(rows, features, targets)
      features.fill(0, rows.length * width)
      targets.fill(0, rows.length * answers)
      weights.fill(0)
      weights.fill(1 / rows.length, 0, rows.length)
    },
  }
}

/**
 * The share of right answers, exactly: a whole number over N, which sums of float32 weights 1/N only come near.
 *
 * @param count - Answers there are, N.
 */
export const accuracyOf = (sum: number | undefined, count: number): number | null =>
  sum === undefined ? null : Math.round(sum * count) / count
