import { ApiError } from '#shared/errors'
import { measurementDocumentSchema, type MeasurementDocument } from '#shared/schemas'
import { runDurably, type Connection } from './open.ts'

/** The table of measurement documents. */
export interface MeasurementRepository {
  /**
   * Stores a document under its index.
   *
   * @returns False if this very document was there already.
   * @throws ApiError `internal` if another one was: a measurement is never replaced silently.
   */
  add(runId: string, document: MeasurementDocument): boolean
  /** In the order of the spec. */
  list(runId: string): MeasurementDocument[]
  indices(runId: string): number[]
}

/** The measurements of a store. */
export function measurementRepository(connection: Connection): MeasurementRepository {
  const insert = connection.prepare(
    'INSERT INTO measurements (run_id, measure_index, document) VALUES (?, ?, ?)',
  )
  const selectOne = connection
    .prepare<[string, number], string>(
      'SELECT document FROM measurements WHERE run_id = ? AND measure_index = ?',
    )
    .pluck()
  const selectAll = connection
    .prepare<[string], string>(
      'SELECT document FROM measurements WHERE run_id = ? ORDER BY measure_index',
    )
    .pluck()
  const selectIndices = connection
    .prepare<[string], number>(
      'SELECT measure_index FROM measurements WHERE run_id = ? ORDER BY measure_index',
    )
    .pluck()
  return {
    add(runId, document) {
      const text = JSON.stringify(measurementDocumentSchema.parse(document))
      return runDurably(connection, () => {
        const stored = selectOne.get(runId, document.index)
        if (stored === text) return false
        if (stored !== undefined) {
          const message = `measurement ${String(document.index)} of run ${runId} is stored already`
          throw new ApiError('internal', message, { runId, index: document.index })
        }
        insert.run(runId, document.index, text)
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
    indices: (runId) => selectIndices.all(runId),
  }
}
