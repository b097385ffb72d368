import { InputError } from '#base'
import type { TensorInput } from '#tensor/runtime'

/**
 * A batch whose loss is the mean over the rows that the next batch shares: the last round(share · rows) of those that
 * have a weight, 1 or more and at least one less than all, as batches with an overlap are cut (`createBatchCursor`).
 *
 * All other rows are evaluated too, with weight 0.
 *
 * @param batch - Its last input is the weights, `[b]`, in memory of the host; rows without a weight are at its end.
 * @param share - Overlap, in 0…1, both excluded.
 * @throws InputError if the batch does not end in weights.
 */
export function overlapOf(batch: readonly TensorInput[], share: number): readonly TensorInput[] {
  const weights = batch.at(-1)
  if (!(weights instanceof Float32Array)) {
    throw new InputError('batch', 'batch must end in its float32 weights where overlap is not 0')
  }
  const rows = weights.findLastIndex((weight) => weight !== 0) + 1
  const shared = Math.max(1, Math.min(Math.round(share * rows), rows - 1))
  const onlyShared = new Float32Array(weights.length)
  onlyShared.fill(1 / shared, Math.max(0, rows - shared), rows)
  return [...batch.slice(0, -1), onlyShared]
}
