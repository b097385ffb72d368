import type { Logger } from '#base'
import type { Store } from '#lab/store'
import { toWire, ApiError } from '#shared/errors'
import type { EventListener } from './events.ts'
import { endRun, removePidFile } from './job.ts'

/**
 * Settles what a dead engine left: starting up is recovering.
 *
 * Runs left `running` become `interrupted` and, with `autoResume`, go back to the queue,
 * where they keep their place: they go on from their last checkpoint, or from the start without one. Runs left `queued` that
 * never reached the queue are put on it.
 *
 * @returns Ids of the runs that wait now because of it.
 */
export function recover(options: {
  readonly store: Store
  readonly logger: Logger
  readonly autoResume: boolean
  readonly onEvent: EventListener
}): string[] {
  const { store, logger, autoResume } = options
  const recovered: string[] = []
  for (const runId of store.runs.idsWithStatus('running')) {
    const step = store.artifacts.checkpoints(runId)[0]?.step
    const from = step === undefined ? 'the start' : `step ${String(step)}`
    removePidFile(store.runFolder(runId))
    if (autoResume) {
      logger.warn(`run ${runId} was running when its engine died; it goes on from ${from}`)
      store.transaction(() => {
        store.runs.markEnded(runId, 'interrupted', null)
        store.queue.add(runId)
      })
      recovered.push(runId)
    } else {
      logger.warn(`run ${runId} was running when its engine died; it can go on from ${from}`)
      const error = new ApiError('internal', 'the engine ended while the run was going on')
      endRun(options, runId, { status: 'interrupted', error: toWire(error) })
    }
  }
  const waiting = new Set(store.queue.list().map(({ runId }) => runId))
  for (const runId of store.runs.idsWithStatus('queued').filter((id) => !waiting.has(id))) {
    logger.warn(`run ${runId} was created but not queued when its engine died; it is queued now`)
    store.queue.add(runId)
    recovered.push(runId)
  }
  return recovered
}
