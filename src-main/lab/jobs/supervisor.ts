import { createId, type Logger } from '#base'
import type { Store } from '#lab/store'
import { ApiError } from '#shared/errors'
import type { ComputeRequest, RunSummary } from '#shared/schemas'
import type { EventListener } from './events.ts'
import { endRun, startJob, type Job, type JobOptions, type Outcome } from './job.ts'
import { recover } from './recover.ts'

/** How {@link createSupervisor} works. */
export interface SupervisorOptions {
  readonly store: Store
  /** Path of the script of a compute process. */
  readonly workerEntry: string
  readonly logger: Logger
  /** Hears every change of a run. */
  readonly onEvent: EventListener
  /** Compute processes at a time. @default 1 */
  readonly concurrency?: number
  /** Whether runs that a dead engine left running are queued again at the start. @default true */
  readonly autoResume?: boolean
  /** How long a compute process may take to stop before it is killed. @default 15 000 */
  readonly stopGraceMs?: number
  /** How often leases are prolonged, and ends of runs tried again that a full disk refused. @default 15 000 */
  readonly heartbeatMs?: number
}

/** Works through the queue of a store, one compute process a run. */
export interface Supervisor {
  /** Puts a created run on the queue. @throws ApiError `run-not-found`, `run-not-resumable`. */
  enqueue(runId: string): RunSummary
  /**
   * Cancels a run; resolves when it has no process any more.
   *
   * A running one stops at its next safe point, after a checkpoint, or is killed after the grace
   * period. If it ended in the meantime it stays as it ended.
   *
   * @throws ApiError `run-not-found`, or `run-already-ended` for finished, failed and cancelled ones.
   */
  cancel(runId: string): Promise<RunSummary>
  /**
   * Queues a cancelled, interrupted, paused or failed run again, from its last checkpoint.
   *
   * @param compute - How it is to be computed from now on; left out: as before.
   * @throws ApiError `run-not-found`, `run-not-resumable`.
   */
  resume(runId: string, compute?: ComputeRequest): RunSummary
  /** Process id of a run's compute process; null if it has none. */
  workerPid(runId: string): number | null
  /** Stops every process after a checkpoint and leaves its run interrupted. The store stays open. */
  dispose(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A lease outlives several missed heartbeats. */
const leaseOfHeartbeats = 4

/** Recovers what a dead engine left behind, then starts to work. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { store, logger, concurrency = 1, autoResume = true } = options
  const { stopGraceMs = 15_000, heartbeatMs = 15_000 } = options
  const leaseMs = leaseOfHeartbeats * heartbeatMs
  const owner = `${String(process.pid)}/${createId()}`
  const jobs = new Map<string, Job>()
  const unsettled = new Map<string, Outcome>()
  let isClosing = false

  // A client's failure must not end a run.
  const onEvent: EventListener = (event, payload) => {
    try {
      options.onEvent(event, payload)
    } catch (error) {
      logger.error(`a listener of ${event} failed`, error)
    }
  }
  const jobOptions: JobOptions = {
    ...options,
    onEvent,
    stopGraceMs,
    onUnsettled: (runId, outcome) => void unsettled.set(runId, outcome),
  }

  const announce = (runId: string): void => onEvent('runs.changed', store.runs.get(runId))

  /** Starts jobs until all places are taken or nothing waits. */
  function pump(): void {
    while (!isClosing && jobs.size < concurrency) {
      const claim = store.queue.claim(owner, leaseMs)
      if (claim === null) return
      const job = startJob(claim, jobOptions)
      jobs.set(claim.runId, job)
      announce(claim.runId)
      void job.done.then(() => {
        jobs.delete(claim.runId)
        pumpSafely()
      })
    }
  }

  function pumpSafely(): void {
    try {
      pump()
    } catch (error) {
      // Nobody is there to hear it; the next enqueue or resume tries again and tells its caller.
      logger.error('the queue cannot be worked on', error)
    }
  }

  function enqueue(runId: string): RunSummary {
    const { status } = store.runs.get(runId)
    if (status !== 'queued') throw notResumable(runId, status)
    store.queue.add(runId)
    unsettled.delete(runId)
    announce(runId)
    pump()
    return store.runs.get(runId)
  }

  function resume(runId: string, compute?: ComputeRequest): RunSummary {
    const { status } = store.runs.get(runId)
    const isLost = status === 'running' && !jobs.has(runId)
    if (['queued', 'running', 'finished'].includes(status) && !isLost) {
      throw notResumable(runId, status)
    }
    if (compute !== undefined) store.runs.setCompute(runId, compute)
    store.queue.add(runId)
    unsettled.delete(runId)
    announce(runId)
    pump()
    return store.runs.get(runId)
  }

  async function cancel(runId: string): Promise<RunSummary> {
    const { status } = store.runs.get(runId)
    if (status === 'finished' || status === 'failed' || status === 'cancelled') {
      throw new ApiError('run-already-ended', `run ${runId} is ${status} already`, {
        runId,
        status,
      })
    }
    const job = jobs.get(runId)
    if (job === undefined) {
      const isStored = endRun(jobOptions, runId, { status: 'cancelled', error: null })
      if (!isStored)
        throw new ApiError('disk-full', `no space left to cancel run ${runId}`, { runId })
      unsettled.delete(runId)
    } else {
      job.stop('cancel')
      await job.done
    }
    return store.runs.get(runId)
  }

  async function dispose(): Promise<void> {
    isClosing = true
    clearInterval(heartbeat)
    for (const job of jobs.values()) job.stop('close')
    await Promise.all([...jobs.values()].map((job) => job.done))
    retryUnsettled()
  }

  function retryUnsettled(): void {
    for (const [runId, outcome] of unsettled) {
      if (endRun(jobOptions, runId, outcome)) unsettled.delete(runId)
    }
  }

  const heartbeat = setInterval(() => {
    retryUnsettled()
    if (jobs.size === 0) return
    try {
      store.queue.heartbeat(owner, leaseMs)
    } catch (error) {
      // A lease only matters to another engine, which the store's lock keeps away.
      logger.error('the leases of the queue cannot be prolonged', error)
    }
  }, heartbeatMs)

  for (const runId of recover({ store, logger, autoResume, onEvent })) announce(runId)
  pumpSafely()

  return {
    enqueue,
    cancel,
    resume,
    workerPid: (runId) => jobs.get(runId)?.pid ?? null,
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}

const notResumable = (runId: string, status: string): ApiError =>
  new ApiError('run-not-resumable', `run ${runId} is ${status} and cannot be queued`, {
    runId,
    status,
  })
