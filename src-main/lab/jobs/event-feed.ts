import { monotonicMs, type Logger } from '#base'
import { pruneCheckpoints, type Store } from '#lab/store'
import type {
  CheckpointNotice,
  Eigenpair,
  MeasurementDocument,
  MetricRow,
  Progress,
  WorkerEvent,
} from '#shared/schemas'
import type { EventListener } from './events.ts'

/** How a compute process said that it ended. */
export type Ended = Extract<WorkerEvent, { type: 'ended' }>

/** Writes the events of one compute process to the store and passes them on. */
export interface EventFeed {
  accept(event: WorkerEvent): void
  /** Writes what is held back. */
  flush(): void
  /** Drops the timer; nothing is accepted afterwards. */
  close(): void
  /** What the process said last; null if it ended without a word. */
  readonly ended: Ended | null
}

/** What {@link eventFeed} works with. */
export interface EventFeedOptions {
  readonly store: Store
  readonly runId: string
  /** Metric rows after this step come from an earlier attempt; the first new rows replace them. */
  readonly resumedAtStep: number
  readonly logger: Logger
  readonly onEvent: EventListener
  /** A held-back write failed. */
  readonly onFailure: (error: unknown) => void
}

/** Progress and metrics are written and passed on at most this often. */
const flushIntervalMs = 200
const heldRowsLimit = 2_000
const checkpointsKept = 2

/** λmax of the whole Hessian of the training loss, which the list of runs shows of the end of training if it is sure. */
function topEigenvalue(document: MeasurementDocument): Eigenpair | undefined {
  const { operator, tensors, split, status } = document
  const isHessian = operator === 'hessian' && tensors === null && split === 'training'
  if (document.kind !== 'eigenpairs' || !isHessian || status !== 'converged') return undefined
  return document.top[0]
}

/** A feed for one attempt at one run. */
export function eventFeed(options: EventFeedOptions): EventFeed {
  const { store, runId, onEvent, onFailure, logger } = options
  let replacesAfterStep: number | null = options.resumedAtStep
  let rows: MetricRow[] = []
  let progress: Progress | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let lastFlush = -Infinity
  let ended: Ended | null = null

  function flush(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (rows.length === 0 && progress === null) return
    lastFlush = monotonicMs()
    const [newRows, newProgress] = [rows, progress]
    rows = []
    progress = null
    store.transactionRelaxed(() => {
      if (newRows.length > 0) {
        store.metrics.append(runId, newRows, replacesAfterStep)
        store.runs.setLastMetrics(runId, store.metrics.last(runId))
      }
      if (newProgress !== null) store.runs.setProgress(runId, newProgress)
    })
    if (newRows.length > 0) {
      replacesAfterStep = null
      onEvent('metrics.appended', { runId, rows: newRows })
    }
    onEvent('runs.changed', store.runs.get(runId))
  }

  function flushSoon(): void {
    if (timer !== null) return
    const waitMs = lastFlush + flushIntervalMs - monotonicMs()
    if (waitMs <= 0 || rows.length >= heldRowsLimit) {
      flush()
      return
    }
    timer = setTimeout(() => {
      timer = null
      try {
        flush()
      } catch (error) {
        onFailure(error)
      }
    }, waitMs)
  }

  /** Registers first, prunes then: at every moment two checkpoints are both registered and there. */
  function registerCheckpoint(checkpoint: CheckpointNotice): void {
    const kept = store.transaction(() => {
      store.artifacts.register({ ...checkpoint, runId, kind: 'checkpoint' })
      const all = store.artifacts.checkpoints(runId)
      for (const { id } of all.slice(checkpointsKept)) store.artifacts.remove(id)
      return all.slice(0, checkpointsKept)
    })
    pruneCheckpoints(
      store.runFolder(runId),
      kept.map(({ fileName }) => fileName),
    )
  }

  return {
    accept(event) {
      if (event.type === 'metrics') {
        rows.push(...event.rows)
        flushSoon()
        return
      }
      if (event.type === 'progressed') {
        progress = event.progress
        flushSoon()
        return
      }
      if (event.type === 'weights-saved') {
        // Unlike a checkpoint it promises nothing about the rows before it: they can wait.
        store.artifacts.register({ ...event.weights, runId, kind: 'weights' })
        return
      }
      if (event.type === 'vectors-saved') {
        store.artifacts.register({ ...event.vectors, runId, kind: 'vectors' })
        return
      }
      flush()
      switch (event.type) {
        case 'prepared': {
          const { provenance, dataCard, parameterCount, modelLabel } = event
          const before = store.runs.documents(runId).provenance
          if (before !== null && JSON.stringify(before) !== JSON.stringify(provenance)) {
            logger.warn(`run ${runId} goes on under other versions or on another machine`)
          }
          store.runs.setFacts(runId, { provenance, dataCard, parameterCount, modelLabel })
          onEvent('runs.changed', store.runs.get(runId))
          return
        }
        case 'checkpointed':
          registerCheckpoint(event.checkpoint)
          return
        case 'trained':
          store.transaction(() => store.runs.setTrainingEnd(runId, event.end))
          return
        case 'measured': {
          const { document } = event
          const isNew = store.transaction(() => {
            const top = topEigenvalue(document)
            const end = store.runs.documents(runId).trainingEnd
            // Snapshots before the end may have larger ones.
            const isAtEnd = end === null || document.step === end.step
            if (top !== undefined && isAtEnd) store.runs.raiseTopEigenvalue(runId, top.value)
            return store.measurements.add(runId, document)
          })
          if (!isNew) return
          onEvent('measurements.added', { runId, document })
          onEvent('runs.changed', store.runs.get(runId))
          return
        }
        case 'ended':
          ended = event
      }
    },
    flush,
    close() {
      if (timer !== null) clearTimeout(timer)
      timer = null
    },
    get ended() {
      return ended
    },
  }
}
