import type { BatchCursor, Samples } from '#learn/datasets'
import { createBatchBuffer, type BatchBuffer, type LossBatch } from './batches.ts'

/** Gives the batch of each step, and reads the next one while a step is taken. */
export interface BatchFeed {
  /** The batch of a step; holds until another is asked for. */
  at(step: number): Promise<LossBatch>
}

/** A feed over two buffers that take turns. */
export function createBatchFeed(samples: Samples, cursor: BatchCursor, total: number): BatchFeed {
  const buffers = [0, 1].map(() => createBatchBuffer(samples, cursor.batchSize)) as [
    BatchBuffer,
    BatchBuffer,
  ]
  let ahead: { readonly step: number; readonly filled: Promise<unknown> } | null = null
  const fill = (step: number): Promise<void> =>
    buffers[step % 2 === 0 ? 0 : 1].fill(cursor.indicesAt(step).slice())
  return {
    at: async (step) => {
      if (ahead?.step === step) await ahead.filled
      else {
        // What is on its way may be for the very buffer that is wanted.
        await ahead?.filled
        await fill(step)
      }
      if (step + 1 < total) {
        const filled = fill(step + 1)
        // An error is thrown where the batch is asked for; it must not end the process before.
        filled.catch(() => undefined)
        ahead = { step: step + 1, filled }
      } else ahead = null
      return buffers[step % 2 === 0 ? 0 : 1].batch
    },
  }
}
