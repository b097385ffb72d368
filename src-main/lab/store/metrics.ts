import { metricRowSchema, type MetricRow } from '#shared/schemas'
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
  /** All rows in step order, some thousands at a time. */
  pages(runId: string): Generator<readonly MetricRow[]>
  last(runId: string): MetricRow | null
  /** Training time in milliseconds by the last row up to a step; 0 without one. */
  elapsedAt(runId: string, step: number): number
}

const { batchLoss, updateNorm, gradientCosine, distance, learningRate } = metricRowSchema.shape

/** A row as any version wrote it as JSON; what earlier ones did not tell of the step is null. */
export const storedMetricRowSchema = metricRowSchema.extend({
  batchLoss: batchLoss.default(null),
  updateNorm: updateNorm.default(null),
  gradientCosine: gradientCosine.default(null),
  distance: distance.default(null),
  learningRate: learningRate.default(null),
})

const columns = `step, epoch, elapsed_ms AS elapsedMs, train_loss AS trainLoss,
  train_accuracy AS trainAccuracy, validation_loss AS validationLoss,
  validation_accuracy AS validationAccuracy, gradient_norm AS gradientNorm,
  batch_loss AS batchLoss, update_norm AS updateNorm, gradient_cosine AS gradientCosine, distance,
  learning_rate AS learningRate`

const pageSize = 10_000

/** The metrics of a store. */
export function metricRepository(connection: Connection): MetricRepository {
  const insert = connection.prepare(
    `INSERT OR REPLACE INTO metrics (run_id, step, epoch, elapsed_ms, train_loss, train_accuracy,
       validation_loss, validation_accuracy, gradient_norm, batch_loss, update_norm, gradient_cosine,
       distance, learning_rate)
     VALUES (@runId, @step, @epoch, @elapsedMs, @trainLoss, @trainAccuracy, @validationLoss,
       @validationAccuracy, @gradientNorm, @batchLoss, @updateNorm, @gradientCosine, @distance,
       @learningRate)`,
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
    *pages(runId) {
      for (let afterStep = -1; ;) {
        const rows = selectAfter.all(runId, afterStep, pageSize)
        yield rows
        const last = rows.at(-1)
        if (last === undefined || rows.length < pageSize) return
        afterStep = last.step
      }
    },
    last: (runId) => selectLast.get(runId) ?? null,
    elapsedAt: (runId, step) => selectElapsed.get(runId, step) ?? 0,
  }
}
