import { isoNow, wallMs } from '#base'
import { runDurably, type Connection } from './open.ts'
import type { RunRepository } from './runs.ts'

/** A run handed to an engine. */
export interface QueueClaim {
  readonly runId: string
  /** 1 for the first. */
  readonly attempt: number
}

/** The queue of runs. An entry stays while its run is worked on; its lease says by which engine. */
export interface QueueRepository {
  /** Sets a run `queued` and puts it last; one that is on the queue keeps its place and loses its lease. */
  add(runId: string): void
  /** Takes the run that waits longest and sets it `running`; null if none waits. */
  claim(owner: string, leaseMs: number): QueueClaim | null
  /** Prolongs all leases of an owner. */
  heartbeat(owner: string, leaseMs: number): void
  /** Takes a run off; one that is not on is fine. */
  remove(runId: string): void
  /** Runs on the queue, first to be taken first. */
  list(): { runId: string; leaseOwner: string | null }[]
}

/** The queue of a store. */
export function queueRepository(connection: Connection, runs: RunRepository): QueueRepository {
  const insert = connection.prepare(
    `INSERT INTO queue (run_id, enqueued_at) VALUES (?, ?) ON CONFLICT (run_id)
     DO UPDATE SET lease_owner = NULL, lease_until_ms = NULL`,
  )
  // A lease that ran out is free for others; its own engine still works on it, if asleep for a while.
  const selectFirst = connection
    .prepare<[string, number], string>(
      `SELECT run_id FROM queue
       WHERE lease_owner IS NULL OR (lease_owner <> ? AND lease_until_ms < ?)
       ORDER BY position LIMIT 1`,
    )
    .pluck()
  const lease = connection.prepare(
    'UPDATE queue SET lease_owner = ?, lease_until_ms = ? WHERE run_id = ?',
  )
  const prolong = connection.prepare('UPDATE queue SET lease_until_ms = ? WHERE lease_owner = ?')
  const remove = connection.prepare('DELETE FROM queue WHERE run_id = ?')
  return {
    add(runId) {
      runDurably(connection, () => {
        runs.markQueued(runId)
        insert.run(runId, isoNow())
      })
    },
    claim(owner, leaseMs) {
      return runDurably(connection, () => {
        const now = wallMs()
        const runId = selectFirst.get(owner, now)
        if (runId === undefined) return null
        lease.run(owner, now + leaseMs, runId)
        runs.markRunning(runId)
        return { runId, attempt: runs.get(runId).attempt }
      })
    },
    heartbeat(owner, leaseMs) {
      runDurably(connection, () => prolong.run(wallMs() + leaseMs, owner))
    },
    remove(runId) {
      remove.run(runId)
    },
    list: () =>
      connection
        .prepare<[], { runId: string; leaseOwner: string | null }>(
          'SELECT run_id AS runId, lease_owner AS leaseOwner FROM queue ORDER BY position',
        )
        .all(),
  }
}
