import { InputError, shuffledIndices, type RandomStream } from '#base'

/** The order in which an epoch visits the rows: a function of the stream's name and the epoch alone. */
export function epochOrder(count: number, stream: RandomStream, epoch: number): Uint32Array {
  return shuffledIndices(count, stream.fork('epoch', epoch))
}

/** Tells which rows each step trains on. */
export interface BatchCursor {
  /** Rows a batch has; the last of an epoch may have fewer. */
  readonly batchSize: number
  readonly stepsPerEpoch: number
  /**
   * The rows of a step, counted from 0 over all epochs. Depends on nothing but the seed and the step,
   * so that a run resumed at any step sees the batches it would have seen.
   *
   * @returns A view that holds until the next call.
   */
  indicesAt(step: number): Uint32Array
}

/**
 * Seeded batches without replacement: each epoch visits every row once, in an order of its own; its
 * last batch is kept even if smaller, unless it is to be dropped. A batch of all rows keeps their order.
 *
 * @param options.stream - Named, e.g. `createStream(seed, 'batches')`; nothing is drawn from it.
 * @throws InputError if `count` or `batchSize` is not a positive integer.
 */
export function createBatchCursor(options: {
  readonly count: number
  readonly batchSize: number
  readonly stream: RandomStream
  /** What becomes of rows that do not fill the last batch of an epoch. @default 'keep' */
  readonly partial?: 'keep' | 'drop' | undefined
}): BatchCursor {
  const { count, stream, partial = 'keep' } = options
  for (const key of ['count', 'batchSize'] as const) {
    if (!Number.isSafeInteger(options[key]) || options[key] < 1) {
      throw new InputError(key, `${key} must be an integer of at least 1, got ${options[key]}`)
    }
  }
  const batchSize = Math.min(options.batchSize, count)
  const stepsPerEpoch =
    partial === 'keep' ? Math.ceil(count / batchSize) : Math.floor(count / batchSize)
  let heldEpoch = -1
  let order: Uint32Array = Uint32Array.from({ length: count }, (_, row) => row)
  return {
    batchSize,
    stepsPerEpoch,
    indicesAt: (step) => {
      if (!Number.isSafeInteger(step) || step < 0) {
        throw new InputError('step', `step must be an integer of at least 0, got ${step}`)
      }
      const epoch = Math.floor(step / stepsPerEpoch)
      if (batchSize < count && epoch !== heldEpoch) {
        order = epochOrder(count, stream, epoch)
        heldEpoch = epoch
      }
      const start = (step - epoch * stepsPerEpoch) * batchSize
      return order.subarray(start, Math.min(start + batchSize, count))
    },
  }
}
