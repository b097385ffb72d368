import { ApiError } from '#shared/errors'
import { measurementDocumentSchema, type MeasurementDocument } from '#shared/schemas'
import type { MeasureKey } from './measure-files.ts'
import { runDurably, type Connection } from './open.ts'

/** The table of measurement documents. */
export interface MeasurementRepository {
  /**
   * Stores a document under its position in the spec and its step.
   *
   * @returns False if this very document was there already.
   * @throws ApiError `internal` if another one was: a measurement is never replaced silently.
   */
  add(runId: string, document: MeasurementDocument): boolean
  /** In the order of the spec, and of steps. */
  list(runId: string): MeasurementDocument[]
  keys(runId: string): MeasureKey[]
}

/** The measurements of a store. */
export function measurementRepository(connection: Connection): MeasurementRepository {
  const insert = connection.prepare(
    'INSERT INTO measurements (run_id, measure_index, step, document) VALUES (?, ?, ?, ?)',
  )
  const selectOne = connection
    .prepare<[string, number, number], string>(
      'SELECT document FROM measurements WHERE run_id = ? AND measure_index = ? AND step = ?',
    )
    .pluck()
  const selectAll = connection
    .prepare<[string], string>(
      'SELECT document FROM measurements WHERE run_id = ? ORDER BY measure_index, step',
    )
    .pluck()
  const selectKeys = connection.prepare<[string], MeasureKey>(
    `SELECT measure_index AS "index", step FROM measurements WHERE run_id = ?
     ORDER BY measure_index, step`,
  )
  return {
    add(runId, document) {
      const text = JSON.stringify(measurementDocumentSchema.parse(document))
      return runDurably(connection, () => {
        const { index, step } = document
        const stored = selectOne.get(runId, index, step)
        if (stored === text) return false
        if (stored !== undefined) {
          const message = `measurement ${String(index)} at step ${String(step)} of run ${runId} is stored already`
          throw new ApiError('internal', message, { runId, index, step })
        }
        insert.run(runId, index, step, text)
        return true
      })
    },
    list: (runId) =>
      selectAll.all(runId).map((text) => {
        const parsed = measurementDocumentSchema.safeParse(JSON.parse(text))
        if (parsed.success) return parsed.data
        const message = `a stored measurement of run ${runId} cannot be read`
        throw new ApiError('store-corrupt', message, { runId, problem: parsed.error.message })
      }),
    keys: (runId) => selectKeys.all(runId),
  }
}
