import type { RunStatus, RunSummary } from '#shared/schemas'
import { ApiError } from '#shared/errors'
import type { RpcClient } from '#shared/rpc'
import type { CliContext } from './context.ts'
import { progressLine } from './progress-line.ts'
import { formatDuration, formatNumber } from './table.ts'

const goingOn = new Set<RunStatus>(['queued', 'running'])

/** How runs that were followed stand. */
export interface FollowedRuns {
  readonly runs: readonly RunSummary[]
  /** Whether a person asked to stop. */
  readonly wasInterrupted: boolean
}

/**
 * Starts runs and follows them to their end, with progress on stderr.
 *
 * The first Ctrl-C cancels them: each stops after a checkpoint.
 *
 * @param start - Called once the events are listened to.
 * @throws ApiError `engine-unreachable` if the engine ends before the runs.
 */
export async function followRuns(
  { io, notice }: CliContext,
  client: RpcClient,
  start: () => Promise<readonly RunSummary[]>,
): Promise<FollowedRuns> {
  const latest = new Map<string, RunSummary>()
  const state = { ids: [] as readonly string[], wasInterrupted: false }
  const ended = Promise.withResolvers<null>()
  const line = progressLine(io)

  const look = () => {
    const runs = state.ids.map((id) => latest.get(id)).filter((run) => run !== undefined)
    const current = runs.find(({ status }) => status === 'running')
    if (current !== undefined) line.update(describe(current, runs), shareOf(current))
    if (runs.length > 0 && runs.every(({ status }) => !goingOn.has(status))) ended.resolve(null)
  }
  const cancelAll = () => {
    for (const id of state.ids) {
      client.call('runs.cancel', { runId: id }).catch((error: unknown) => {
        // It ended by itself in the meantime, or the engine is gone, which is noticed below.
        if (!(error instanceof ApiError)) throw error
      })
    }
  }
  const stops = [
    client.on('runs.changed', (run) => {
      latest.set(run.id, run)
      look()
    }),
    io.onInterrupt(() => {
      if (state.wasInterrupted) return
      state.wasInterrupted = true
      line.end()
      notice('stopping after a checkpoint; Ctrl-C again leaves at once')
      cancelAll()
    }),
  ]
  try {
    const started = await start()
    state.ids = started.map(({ id }) => id)
    for (const run of started) if (!latest.has(run.id)) latest.set(run.id, run)
    if (state.wasInterrupted) cancelAll()
    look()
    await Promise.race([ended.promise, client.closed.then(lost)])
    const runs = state.ids.map((id) => latest.get(id)).filter((run) => run !== undefined)
    return { runs, wasInterrupted: state.wasInterrupted }
  } finally {
    line.end()
    for (const stop of stops) stop()
  }
}

function lost(): never {
  throw new ApiError('engine-unreachable', 'the engine ended before the run did')
}

const shareOf = ({ progress }: RunSummary): number | null =>
  progress.total > 0 ? progress.done / progress.total : null

function describe(run: RunSummary, all: readonly RunSummary[]): string {
  const { progress, lastMetrics } = run
  const position =
    all.length > 1 ? ` (${String(all.indexOf(run) + 1)} of ${String(all.length)})` : ''
  return [
    `${run.id}${position}`,
    progress.label === progress.phase ? progress.phase : `${progress.phase} ${progress.label}`,
    ...(progress.total > 0 ? [`${String(progress.done)}/${String(progress.total)}`] : []),
    ...(lastMetrics === null ? [] : [`loss ${formatNumber(lastMetrics.trainLoss)}`]),
    ...(progress.etaMs === null ? [] : [`${formatDuration(progress.etaMs)} left`]),
  ].join(' · ')
}
