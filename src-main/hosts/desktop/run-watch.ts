import type { Client } from '#shared/contract'
import type { RunStatus, RunSummary } from '#shared/schemas'

/** Runs that are going on, and what becomes of them. */
export interface RunWatch {
  /** Runs that have a compute process or wait for one. */
  readonly active: readonly RunSummary[]
  dispose(): void
}

/** Who hears of runs. */
export interface RunListener {
  /** The set of active runs or their progress changed. */
  changed(active: readonly RunSummary[]): void
  /** A run that was active is no more. */
  ended(run: RunSummary): void
}

const activeStatuses: readonly RunStatus[] = ['running', 'queued']

/** Keeps account of the runs that are going on. */
export async function watchRuns(client: Client, listener: RunListener): Promise<RunWatch> {
  const active = new Map<string, RunSummary>()
  const accept = (run: RunSummary) => {
    const wasActive = active.has(run.id)
    if (activeStatuses.includes(run.status)) active.set(run.id, run)
    else active.delete(run.id)
    listener.changed([...active.values()])
    if (wasActive && !active.has(run.id)) listener.ended(run)
  }
  const stops = [
    client.on('runs.changed', accept),
    client.on('runs.deleted', ({ runId }) => {
      if (active.delete(runId)) listener.changed([...active.values()])
    }),
  ]
  for (const status of activeStatuses) {
    const { runs } = await client.call('runs.list', { status, limit: 1_000 })
    for (const run of runs) if (!active.has(run.id)) accept(run)
  }
  return {
    get active() {
      return [...active.values()]
    },
    dispose() {
      for (const stop of stops) stop()
    },
  }
}

/** Share of the work done over the runs that are going on; null when there are none. */
export function overallShare(active: readonly RunSummary[]): number | null {
  const running = active.filter(({ status }) => status === 'running')
  if (running.length === 0) return null
  const shares = running.map(({ progress }) =>
    progress.total > 0 ? progress.done / progress.total : 0,
  )
  return shares.reduce((sum, share) => sum + share, 0) / running.length
}
