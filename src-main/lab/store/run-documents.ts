import { ApiError } from '#shared/errors'
import {
  computeSchema,
  dataCardSchema,
  experimentSchema,
  provenanceSchema,
  trainingEndSchema,
  type ComputeRequest,
  type DataCard,
  type ExperimentSpec,
  type Provenance,
  type TrainingEnd,
} from '#shared/schemas'
import type { Connection } from './open.ts'
import { runNotFound, toJson } from './run-rows.ts'

/** What a run keeps besides its summary. */
export interface RunDocuments {
  readonly spec: ExperimentSpec
  readonly provenance: Provenance | null
  readonly dataCard: DataCard | null
  readonly parameterCount: number | null
  readonly trainingEnd: TrainingEnd | null
}

/** The table of what runs keep besides their summaries. An id that names no run throws `run-not-found`. */
export interface RunDocumentTable {
  insert(runId: string, spec: ExperimentSpec, compute: ComputeRequest | null): void
  read(runId: string): RunDocuments
  setFacts(
    runId: string,
    facts: Pick<RunDocuments, 'provenance' | 'dataCard' | 'parameterCount'>,
  ): void
  setTrainingEnd(runId: string, end: TrainingEnd | null): void
  compute(runId: string): ComputeRequest
  setCompute(runId: string, compute: ComputeRequest): void
}

interface DocumentRow {
  readonly spec: string
  readonly provenance: string | null
  readonly data_card: string | null
  readonly parameter_count: number | null
  readonly training_end: string | null
}

/** The documents of a store's runs. */
export function runDocumentTable(connection: Connection): RunDocumentTable {
  const select = connection.prepare<[string], DocumentRow>(
    `SELECT spec, provenance, data_card, parameter_count, training_end FROM run_documents
     WHERE run_id = ?`,
  )
  const selectCompute = connection.prepare<[string], { readonly compute: string | null }>(
    'SELECT compute FROM run_documents WHERE run_id = ?',
  )

  /** Runs an UPDATE with `WHERE run_id = @runId`. */
  function update(runId: string, assignments: string, values: Record<string, unknown>): void {
    const result = connection
      .prepare(`UPDATE run_documents SET ${assignments} WHERE run_id = @runId`)
      .run({ ...values, runId })
    if (result.changes === 0) throw runNotFound(runId)
  }

  return {
    insert(runId, spec, compute) {
      connection
        .prepare('INSERT INTO run_documents (run_id, spec, compute) VALUES (?, ?, ?)')
        .run(runId, JSON.stringify(spec), toJson(compute))
    },
    read(runId) {
      const row = select.get(runId)
      if (row === undefined) throw runNotFound(runId)
      const parsed = experimentSchema.safeParse(JSON.parse(row.spec))
      if (!parsed.success) {
        throw new ApiError('store-corrupt', `the stored spec of run ${runId} cannot be read`, {
          runId,
          problem: parsed.error.message,
        })
      }
      return {
        spec: parsed.data,
        provenance: provenanceSchema.nullable().parse(fromJson(row.provenance)),
        dataCard: dataCardSchema.nullable().parse(fromJson(row.data_card)),
        parameterCount: row.parameter_count,
        trainingEnd: trainingEndSchema.nullable().parse(fromJson(row.training_end)),
      }
    },
    setFacts(runId, { provenance, dataCard, parameterCount }) {
      update(
        runId,
        'provenance = @provenance, data_card = @dataCard, parameter_count = @parameterCount',
        { provenance: toJson(provenance), dataCard: toJson(dataCard), parameterCount },
      )
    },
    setTrainingEnd(runId, end) {
      update(runId, 'training_end = @end', { end: toJson(end) })
    },
    compute(runId) {
      const row = selectCompute.get(runId)
      if (row === undefined) throw runNotFound(runId)
      return computeSchema.parse(fromJson(row.compute) ?? {})
    },
    setCompute(runId, compute) {
      update(runId, 'compute = @compute', { compute: toJson(compute) })
    },
  }
}

const fromJson = (text: string | null): unknown => (text === null ? null : JSON.parse(text))
