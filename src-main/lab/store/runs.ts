import { isoNow } from '#base'
import type { WireError } from '#shared/errors'
import type {
  ComputeRequest,
  DataCard,
  ExperimentSpec,
  MetricRow,
  Progress,
  Provenance,
  RunStatus,
  RunSummary,
  TrainingEnd,
} from '#shared/schemas'
import { runDurably, runRelaxed, type Connection } from './open.ts'
import { runDocumentTable, type RunDocuments } from './run-documents.ts'
import { runColumns, runNotFound, toJson, toSummary, type RunRow } from './run-rows.ts'

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
  /** @param end - Null when training goes on again. */
  setTrainingEnd(runId: string, end: TrainingEnd | null): void
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
    page: `SELECT ${runColumns} FROM runs ${where} ORDER BY position DESC LIMIT @limit OFFSET @offset`,
    count: `SELECT count(*) FROM runs ${where}`,
  }
}

/** The runs of a store. */
export function runRepository(connection: Connection): RunRepository {
  const documents = runDocumentTable(connection)
  const selectOne = connection.prepare<[string], RunRow>(
    `SELECT ${runColumns} FROM runs WHERE id = ?`,
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
            `INSERT INTO runs (${runColumns}, search) VALUES (@id, @name, @status, @seed, @dataKind,
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
        documents.insert(summary.id, spec, compute)
      })
    },
    find(runId) {
      const row = selectOne.get(runId)
      return row === undefined ? null : toSummary(row)
    },
    documents: (runId) => documents.read(runId),
    compute: (runId) => documents.compute(runId),
    setCompute(runId, compute) {
      documents.setCompute(runId, compute)
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
    setFacts(runId, { modelLabel, ...facts }) {
      runDurably(connection, () => {
        const { name, dataKind } = get(runId)
        const search = searchText(name, dataKind, modelLabel)
        update(runId, 'model_label = @modelLabel, search = @search', { modelLabel, search })
        documents.setFacts(runId, facts)
      })
    },
    setTrainingEnd(runId, end) {
      documents.setTrainingEnd(runId, end)
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

const searchText = (...parts: readonly string[]): string => parts.join('\n').toLowerCase()
