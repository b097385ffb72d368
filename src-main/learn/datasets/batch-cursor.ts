import { createStream, shuffledIndices } from '#base'

/** Which samples a training step sees. */
export interface BatchCursor {
  /** Steps in one pass over the data. */
  readonly stepsPerEpoch: number
  /** Rows of the batch of a step, counted from 0 over all epochs. */
  rowsAt(step: number): Uint32Array
}

/**
 * Seeded batches as a pure function of the step, so that a resumed run sees the very batches it would
 * have seen. Every epoch has its own random order; its last batch may be smaller.
 */
export function createBatchCursor(options: {
  readonly count: number
  readonly batchSize: number
  readonly seed: number
}): BatchCursor {
  const { count, batchSize, seed } = options
  const stepsPerEpoch = Math.ceil(count / batchSize)
  let epoch = -1
  let order: Uint32Array = new Uint32Array(0)
  return {
    stepsPerEpoch,
    rowsAt: (step) => {
      const wanted = Math.floor(step / stepsPerEpoch)
      if (wanted !== epoch) {
        epoch = wanted
        order = shuffledIndices(count, createStream(seed, 'batches', epoch))
      }
      const start = (step % stepsPerEpoch) * batchSize
      return order.subarray(start, Math.min(start + batchSize, count))
    },
  }
}
