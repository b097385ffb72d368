import { isoNow } from '#base'
import { ApiError, type WireError } from '#shared/errors'
import {
  computeSchema,
  dataCardSchema,
  experimentSchema,
  provenanceSchema,
  type ComputeRequest,
  type DataCard,
  type ExperimentSpec,
  type MetricRow,
  type Progress,
  type Provenance,
  type RunStatus,
  type RunSummary,
} from '#shared/schemas'
import { runDurably, runRelaxed, type Connection } from './open.ts'

/** Which runs a list shows; see `runs.list` of the contract. */
export interface RunFilter {
  readonly limit: number
  readonly offset: number
  readonly status?: RunStatus | undefined
  readonly text?: string | undefined
}

/** What a run says of itself once it is prepared. */
export interface RunFacts {
  readonly provenance: Provenance
  readonly dataCard: DataCard
  readonly parameterCount: number
  readonly modelLabel: string
}

/** What a run keeps besides its summary. */
interface RunDocuments {
  readonly spec: ExperimentSpec
  readonly provenance: Provenance | null
  readonly dataCard: DataCard | null
  readonly parameterCount: number | null
}

/** A status in which a run has no compute process and does not wait for one. */
export type EndStatus = Exclude<RunStatus, 'queued' | 'running'>

/** The table of runs. Every method that takes an id throws `run-not-found` if there is no such run. */
export interface RunRepository {
  /** Adds a run as given. */
  insert(summary: RunSummary, spec: ExperimentSpec, compute?: ComputeRequest | null): void
  get(runId: string): RunSummary
  find(runId: string): RunSummary | null
  documents(runId: string): RunDocuments
  /** How the run is to be computed. */
  compute(runId: string): ComputeRequest
  setCompute(runId: string, compute: ComputeRequest): void
  /** Newest first. */
  list(filter: RunFilter): { runs: RunSummary[]; total: number }
  /** Oldest first. */
  idsWithStatus(status: RunStatus): string[]
  allIds(): string[]
  /** Sets `queued` and forgets why the run ended before. */
  markQueued(runId: string): void
  /** Sets `running` and counts an attempt. */
  markRunning(runId: string): void
  /** Sets how the run stands now that it has no process, and that its bundle must be rewritten. */
  markEnded(runId: string, status: EndStatus, error: WireError | null): void
  setFacts(runId: string, facts: RunFacts): void
  /** Relaxed: a power cut may undo it. */
  setProgress(runId: string, progress: Progress): void
  /** Relaxed, as the rows it repeats. */
  setLastMetrics(runId: string, row: MetricRow | null): void
  /** Keeps the larger of this and what was there. */
  raiseTopEigenvalue(runId: string, value: number): void
  idsWithStaleBundle(): string[]
  markBundleFresh(runId: string): void
  /** Removes the run and all its rows. */
  remove(runId: string): void
}

interface RunRow {
  readonly id: string
  readonly name: string
  readonly status: RunStatus
  readonly seed: number
  readonly data_kind: string
  readonly model_label: string
  readonly created_at: string
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly attempt: number
  readonly progress: string
  readonly last_metrics: string | null
  readonly top_eigenvalue: number | null
  readonly error: string | null
}

interface DocumentRow {
  readonly spec: string
  readonly provenance: string | null
  readonly data_card: string | null
  readonly parameter_count: number | null
}

const columns =
  'id, name, status, seed, data_kind, model_label, created_at, started_at, ended_at, attempt, ' +
  'progress, last_metrics, top_eigenvalue, error'

const waiting: Progress = { phase: 'waiting', label: 'waiting', done: 0, total: 0, etaMs: null }

/** Progress of a run that nobody has worked on yet. */
export const initialProgress = waiting

/** The queries behind a list; their parameters are `status`, `text`, `limit` and `offset`. */
export function listQueries(filter: { readonly status: boolean; readonly text: boolean }): {
  page: string
  count: string
} {
  const conditions = [
    ...(filter.status ? ['status = @status'] : []),
    // instr, not LIKE: no wildcards in what a person types, and case is folded beyond ASCII.
    ...(filter.text ? ['instr(search, @text) > 0'] : []),
  ]
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  return {
    page: `SELECT ${columns} FROM runs ${where} ORDER BY position DESC LIMIT @limit OFFSET @offset`,
    count: `SELECT count(*) FROM runs ${where}`,
  }
}

/** The runs of a store. */
export function runRepository(connection: Connection): RunRepository {
  const selectOne = connection.prepare<[string], RunRow>(`SELECT ${columns} FROM runs WHERE id = ?`)
  const selectDocuments = connection.prepare<[string], DocumentRow>(
    'SELECT spec, provenance, data_card, parameter_count FROM run_documents WHERE run_id = ?',
  )
  const selectCompute = connection.prepare<[string], { readonly compute: string | null }>(
    'SELECT compute FROM run_documents WHERE run_id = ?',
  )
  const selectByStatus = connection
    .prepare<[RunStatus], string>('SELECT id FROM runs WHERE status = ? ORDER BY position')
    .pluck()

  /** Runs an UPDATE with `WHERE id = @id`. */
  function update(runId: string, assignments: string, values: Record<string, unknown> = {}): void {
    const result = connection
      .prepare(`UPDATE runs SET ${assignments} WHERE id = @id`)
      .run({ ...values, id: runId })
    if (result.changes === 0) throw runNotFound(runId)
  }

  function get(runId: string): RunSummary {
    const row = selectOne.get(runId)
    if (row === undefined) throw runNotFound(runId)
    return toSummary(row)
  }

  return {
    get,
    insert(summary, spec, compute = null) {
      runDurably(connection, () => {
        connection
          .prepare(
            `INSERT INTO runs (${columns}, search) VALUES (@id, @name, @status, @seed, @dataKind,
              @modelLabel, @createdAt, @startedAt, @endedAt, @attempt, @progress, @lastMetrics,
              @topEigenvalue, @error, @search)`,
          )
          .run({
            ...summary,
            progress: JSON.stringify(summary.progress),
            lastMetrics: toJson(summary.lastMetrics),
            error: toJson(summary.error),
            search: searchText(summary.name, summary.dataKind, summary.modelLabel),
          })
        connection
          .prepare('INSERT INTO run_documents (run_id, spec, compute) VALUES (?, ?, ?)')
          .run(summary.id, JSON.stringify(spec), toJson(compute))
      })
    },
    find(runId) {
      const row = selectOne.get(runId)
      return row === undefined ? null : toSummary(row)
    },
    documents(runId) {
      const row = selectDocuments.get(runId)
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
        provenance:
          row.provenance === null ? null : provenanceSchema.parse(JSON.parse(row.provenance)),
        dataCard: row.data_card === null ? null : dataCardSchema.parse(JSON.parse(row.data_card)),
        parameterCount: row.parameter_count,
      }
    },
    compute(runId) {
      const row = selectCompute.get(runId)
      if (row === undefined) throw runNotFound(runId)
      return computeSchema.parse(row.compute === null ? {} : JSON.parse(row.compute))
    },
    setCompute(runId, compute) {
      const result = connection
        .prepare('UPDATE run_documents SET compute = ? WHERE run_id = ?')
        .run(JSON.stringify(compute), runId)
      if (result.changes === 0) throw runNotFound(runId)
    },
    list({ limit, offset, status, text }) {
      const hasText = text !== undefined && text !== ''
      const queries = listQueries({ status: status !== undefined, text: hasText })
      const values = {
        limit,
        offset,
        ...(status === undefined ? {} : { status }),
        ...(hasText ? { text: text.toLowerCase() } : {}),
      }
      const total = connection.prepare<[object], number>(queries.count).pluck().get(values) ?? 0
      const rows = connection.prepare<[object], RunRow>(queries.page).all(values)
      return { runs: rows.map(toSummary), total }
    },
    idsWithStatus: (status) => selectByStatus.all(status),
    allIds: () => connection.prepare<[], string>('SELECT id FROM runs').pluck().all(),
    markQueued(runId) {
      update(runId, "status = 'queued', ended_at = NULL, error = NULL, progress = @progress", {
        progress: JSON.stringify(waiting),
      })
    },
    markRunning(runId) {
      update(
        runId,
        `status = 'running', attempt = attempt + 1, ended_at = NULL, error = NULL,
         started_at = coalesce(started_at, @now), progress = @progress`,
        {
          now: isoNow(),
          progress: JSON.stringify({ ...waiting, phase: 'preparing', label: 'starting' }),
        },
      )
    },
    markEnded(runId, status, error) {
      const { progress } = get(runId)
      const ended: Progress = {
        ...progress,
        ...(status === 'finished' ? { phase: 'done', label: 'done', done: progress.total } : {}),
        etaMs: null,
      }
      update(
        runId,
        `status = @status, ended_at = @now, error = @error, progress = @progress,
         bundle_stale = 1`,
        { status, now: isoNow(), error: toJson(error), progress: JSON.stringify(ended) },
      )
    },
    setFacts(runId, { provenance, dataCard, parameterCount, modelLabel }) {
      runDurably(connection, () => {
        const { name, dataKind } = get(runId)
        const search = searchText(name, dataKind, modelLabel)
        update(runId, 'model_label = @modelLabel, search = @search', { modelLabel, search })
        connection
          .prepare(
            `UPDATE run_documents SET provenance = ?, data_card = ?, parameter_count = ?
             WHERE run_id = ?`,
          )
          .run(JSON.stringify(provenance), JSON.stringify(dataCard), parameterCount, runId)
      })
    },
    setProgress(runId, progress) {
      runRelaxed(connection, () =>
        update(runId, 'progress = @progress', { progress: JSON.stringify(progress) }),
      )
    },
    setLastMetrics(runId, row) {
      runRelaxed(connection, () => update(runId, 'last_metrics = @row', { row: toJson(row) }))
    },
    raiseTopEigenvalue(runId, value) {
      update(runId, 'top_eigenvalue = max(coalesce(top_eigenvalue, @value), @value)', { value })
    },
    idsWithStaleBundle: () =>
      connection.prepare<[], string>('SELECT id FROM runs WHERE bundle_stale = 1').pluck().all(),
    markBundleFresh(runId) {
      update(runId, 'bundle_stale = 0')
    },
    remove(runId) {
      const result = connection.prepare('DELETE FROM runs WHERE id = ?').run(runId)
      if (result.changes === 0) throw runNotFound(runId)
    },
  }
}

/** The error of an id that names no run. */
const runNotFound = (runId: string): ApiError =>
  new ApiError('run-not-found', `there is no run ${runId}`, { runId })

const toJson = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))

const searchText = (...parts: readonly string[]): string => parts.join('\n').toLowerCase()

function toSummary(row: RunRow): RunSummary {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    seed: row.seed,
    dataKind: row.data_kind,
    modelLabel: row.model_label,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    attempt: row.attempt,
    progress: JSON.parse(row.progress) as Progress,
    lastMetrics: row.last_metrics === null ? null : (JSON.parse(row.last_metrics) as MetricRow),
    topEigenvalue: row.top_eigenvalue,
    error: row.error === null ? null : (JSON.parse(row.error) as WireError),
  }
}
