import { join } from 'node:path'
import type { Logger } from '#base'
import {
  removeQuietly,
  writeFileDurably,
  type EndStatus,
  type QueueClaim,
  type Store,
} from '#lab/store'
import { ApiError, toWire, type WireError } from '#shared/errors'
import { workerEventSchema } from '#shared/schemas'
import { eventFeed, type Ended, type EventFeed } from './event-feed.ts'
import type { EventListener } from './events.ts'
import { buildOrder } from './order.ts'
import { rewindRun } from './rewind.ts'
import { toApiError } from './to-api-error.ts'
import { crashError } from './worker-exit.ts'
import { startWorker, type WorkerExit, type WorkerLink } from './worker-link.ts'

/** What jobs are started with. */
export interface JobOptions {
  readonly store: Store
  readonly workerEntry: string
  readonly logger: Logger
  readonly onEvent: EventListener
  /** How long a compute process may take to stop before it is killed. */
  readonly stopGraceMs: number
  /** The end of a run could not be stored; to be tried again with {@link endRun}. */
  readonly onUnsettled: (runId: string, outcome: Outcome) => void
}

/** Why a job is asked to stop: its run is cancelled, or the engine closes. */
type StopReason = 'cancel' | 'close'

/** One attempt at one run, with its compute process. */
export interface Job {
  /** Process id; null before there is a process. */
  readonly pid: number | null
  stop(reason: StopReason): void
  /** Resolves when the process is gone and its run's status is stored. Never rejects. */
  readonly done: Promise<void>
}

/** How a run stands when it has no process any more. */
export interface Outcome {
  readonly status: EndStatus
  readonly error: WireError | null
}

/** A process that said it ended but does not go away is killed after this. */
const exitGraceMs = 5_000

/** Name of the file in a run's folder that tells the pid of its compute process. */
const pidFile = 'worker.json'

/** Removes the pid file that a dead engine left in a run's folder. */
export const removePidFile = (folder: string): void => removeQuietly(join(folder, pidFile))

/** Starts a compute process on a claimed run. */
export function startJob(claim: QueueClaim, options: JobOptions): Job {
  const { store, logger, onEvent, workerEntry, stopGraceMs } = options
  const { runId } = claim
  const folder = store.runFolder(runId)
  let link: WorkerLink | null = null
  let stopReason: StopReason | null = null
  let failure: unknown = null
  let killTimer: ReturnType<typeof setTimeout> | null = null

  function killAfter(delayMs: number): void {
    if (killTimer !== null) clearTimeout(killTimer)
    killTimer = setTimeout(() => {
      logger.warn(`run ${runId}: its compute process does not stop; killing it`)
      link?.kill()
    }, delayMs)
  }

  /** The engine cannot go on with this process: its events cannot be understood or stored. */
  function fail(error: unknown): void {
    failure ??= error
    link?.kill()
  }

  function receive(feed: EventFeed, message: unknown): void {
    if (failure !== null || feed.ended !== null) return
    try {
      const parsed = workerEventSchema.safeParse(message)
      if (!parsed.success) {
        const problem = { problem: parsed.error.message }
        throw new ApiError('internal', 'the compute process sent a malformed event', problem)
      }
      feed.accept(parsed.data)
      if (parsed.data.type === 'ended') killAfter(exitGraceMs)
    } catch (error) {
      fail(error)
    }
  }

  async function work(): Promise<Outcome> {
    const order = await buildOrder(store, claim, logger)
    if (stopReason !== null) return stopped(stopReason)
    const resumedAtStep = order.checkpoint?.step ?? -1
    rewindRun(store, runId, resumedAtStep)
    const feed = eventFeed({ store, runId, resumedAtStep, logger, onEvent, onFailure: fail })
    link = startWorker(workerEntry, (message) => receive(feed, message))
    try {
      writeFileDurably(join(folder, pidFile), `${JSON.stringify({ pid: link.pid })}\n`)
    } catch (error) {
      fail(error)
    }
    link.send({ type: 'start', order })
    const exit = await link.exited
    try {
      feed.flush()
    } catch (error) {
      fail(error)
    } finally {
      feed.close()
    }
    if (feed.ended?.outcome === 'failed' && exit.stderr !== '') {
      logger.warn(`run ${runId}: its compute process wrote: ${exit.stderr}`)
    }
    return judge({ ended: feed.ended, exit, failure, stopReason })
  }

  async function settle(): Promise<void> {
    let outcome: Outcome
    try {
      outcome = await work()
    } catch (error) {
      outcome = failed(error)
    }
    if (killTimer !== null) clearTimeout(killTimer)
    const { status, error } = outcome
    if (error !== null) logger.warn(`run ${runId} is ${status}: ${error.message}`)
    if (!endRun(options, runId, outcome)) options.onUnsettled(runId, outcome)
  }

  return {
    get pid() {
      return link?.pid ?? null
    },
    stop(reason) {
      if (stopReason === 'cancel') return
      const isFirst = stopReason === null
      stopReason = reason
      if (!isFirst) return
      link?.send({ type: 'stop' })
      killAfter(stopGraceMs)
    },
    done: settle(),
  }
}

/**
 * Stores how a run stands without a process, takes it off the queue and writes its bundle.
 *
 * @returns False if it cannot be stored now, as on a full disk: the run is still `running` then, and
 *   the next start of an engine would recover it.
 */
export function endRun(
  { store, logger, onEvent }: Pick<JobOptions, 'store' | 'logger' | 'onEvent'>,
  runId: string,
  { status, error }: Outcome,
): boolean {
  try {
    removePidFile(store.runFolder(runId))
    store.transaction(() => {
      store.runs.markEnded(runId, status, error)
      store.queue.remove(runId)
    })
  } catch (cause) {
    logger.error(`the end of run ${runId} (${status}) cannot be stored`, cause)
    return false
  }
  try {
    store.writeBundle(runId)
  } catch (cause) {
    // The store has everything, and writes the bundle when it is opened again.
    logger.error(`the bundle of run ${runId} cannot be written`, cause)
  }
  onEvent('runs.changed', store.runs.get(runId))
  return true
}

/** How a run stands after its process is gone. */
function judge(facts: {
  readonly ended: Ended | null
  readonly exit: WorkerExit
  readonly failure: unknown
  readonly stopReason: StopReason | null
}): Outcome {
  const { ended, exit, failure, stopReason } = facts
  if (failure !== null) return failed(failure)
  if (ended === null) {
    // Killed because it did not stop in time is stopped all the same.
    if (stopReason !== null) return stopped(stopReason)
    return { status: 'interrupted', error: toWire(crashError(exit)) }
  }
  switch (ended.outcome) {
    case 'finished':
      return { status: 'finished', error: null }
    case 'stopped':
      return stopped(stopReason ?? 'close')
    case 'paused':
    case 'failed': {
      const fallback = { code: 'internal', message: `the compute process ${ended.outcome}` }
      return { status: ended.outcome, error: (ended.error ?? fallback) as WireError }
    }
  }
}

const stopped = (reason: StopReason): Outcome => ({
  status: reason === 'cancel' ? 'cancelled' : 'interrupted',
  error: null,
})

function failed(error: unknown): Outcome {
  const known = toApiError(error)
  return { status: known.code === 'disk-full' ? 'paused' : 'failed', error: toWire(known) }
}
