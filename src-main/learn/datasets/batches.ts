import { InputError, shuffledIndices, type RandomStream } from '#base'

/** The order in which an epoch visits the rows: a function of the stream's name and the epoch alone. */
export function epochOrder(count: number, stream: RandomStream, epoch: number): Uint32Array {
  return shuffledIndices(count, stream.fork('epoch', epoch))
}

/** Tells which rows each step trains on. */
export interface BatchCursor {
  /** Rows a batch has, those it shares with the one before included; the last of an epoch may have fewer. */
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
 * With an overlap batches advance by b − m rows: the last m = round(overlap · b) rows (1 or more, fewer than b) of a
 * batch are the first m of the next one in the epoch, so that an epoch has ⌈(count − m) / (b − m)⌉ batches (rounded down
 * where the last is to be dropped) and visits some rows more than once. Epochs do not overlap.
 *
 * @param options.stream - Named, e.g. `createStream(seed, 'batches')`; nothing is drawn from it.
 * @throws InputError if `count` or `batchSize` is not a positive integer, or `overlap` outside its range.
 */
export function createBatchCursor(options: {
  readonly count: number
  readonly batchSize: number
  readonly stream: RandomStream
  /** What becomes of rows that do not fill the last batch of an epoch. @default 'keep' */
  readonly partial?: 'keep' | 'drop' | undefined
  /** Share of a batch that the next one shares, in 0…1 (1 excluded); ignored in a batch of one row or of all. @default 0 */
  readonly overlap?: number | undefined
}): BatchCursor {
  const { count, stream, partial = 'keep', overlap = 0 } = options
  for (const key of ['count', 'batchSize'] as const) {
    if (!Number.isSafeInteger(options[key]) || options[key] < 1) {
      throw new InputError(key, `${key} must be an integer of at least 1, got ${options[key]}`)
    }
  }
  if (!(overlap >= 0 && overlap < 1)) {
    throw new InputError('overlap', `overlap must be in 0…1, 1 excluded, got ${overlap}`)
  }
  const batchSize = Math.min(options.batchSize, count)
  const hasOverlap = overlap > 0 && batchSize > 1 && batchSize < count
  const shared = hasOverlap
    ? Math.max(1, Math.min(Math.round(overlap * batchSize), batchSize - 1))
    : 0
  const advance = batchSize - shared
  const batches = (count - shared) / advance
  const stepsPerEpoch = partial === 'keep' ? Math.ceil(batches) : Math.floor(batches)
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
      const start = (step - epoch * stepsPerEpoch) * advance
      return order.subarray(start, Math.min(start + batchSize, count))
    },
  }
}
