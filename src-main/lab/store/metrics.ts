import type { MetricRow } from '#shared/schemas'
import { runRelaxed, type Connection } from './open.ts'

/** The table of training metrics. */
export interface MetricRepository {
  /**
   * Adds rows; a row of a step that is there already replaces it, so a repeated delivery changes
   * nothing. Relaxed: a power cut may undo it until the next durable commit.
   *
   * @param replacesAfterStep - Rows after this step go first, in the same transaction: they come
   *   from before a resume. −1 for all.
   */
  append(runId: string, rows: readonly MetricRow[], replacesAfterStep?: number | null): void
  /** Rows after a step in step order, at most `limit`. */
  list(runId: string, afterStep?: number, limit?: number): MetricRow[]
  last(runId: string): MetricRow | null
  /** Training time in milliseconds by the last row up to a step; 0 without one. */
  elapsedAt(runId: string, step: number): number
}

const columns = `step, epoch, elapsed_ms AS elapsedMs, train_loss AS trainLoss,
  train_accuracy AS trainAccuracy, validation_loss AS validationLoss,
  validation_accuracy AS validationAccuracy, gradient_norm AS gradientNorm`

/** The metrics of a store. */
export function metricRepository(connection: Connection): MetricRepository {
  const insert = connection.prepare(
    `INSERT OR REPLACE INTO metrics (run_id, step, epoch, elapsed_ms, train_loss, train_accuracy,
       validation_loss, validation_accuracy, gradient_norm)
     VALUES (@runId, @step, @epoch, @elapsedMs, @trainLoss, @trainAccuracy, @validationLoss,
       @validationAccuracy, @gradientNorm)`,
  )
  const removeAfter = connection.prepare('DELETE FROM metrics WHERE run_id = ? AND step > ?')
  const selectAfter = connection.prepare<[string, number, number], MetricRow>(
    `SELECT ${columns} FROM metrics WHERE run_id = ? AND step > ? ORDER BY step LIMIT ?`,
  )
  const selectLast = connection.prepare<[string], MetricRow>(
    `SELECT ${columns} FROM metrics WHERE run_id = ? ORDER BY step DESC LIMIT 1`,
  )
  const selectElapsed = connection
    .prepare<[string, number], number>(
      `SELECT elapsed_ms FROM metrics WHERE run_id = ? AND step <= ? ORDER BY step DESC LIMIT 1`,
    )
    .pluck()
  return {
    append(runId, rows, replacesAfterStep = null) {
      runRelaxed(connection, () => {
        if (replacesAfterStep !== null) removeAfter.run(runId, replacesAfterStep)
        for (const row of rows) insert.run({ ...row, runId })
      })
    },
    list: (runId, afterStep = -1, limit = -1) => selectAfter.all(runId, afterStep, limit),
    last: (runId) => selectLast.get(runId) ?? null,
    elapsedAt: (runId, step) => selectElapsed.get(runId, step) ?? 0,
  }
}
