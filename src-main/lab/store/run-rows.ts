import { ApiError, type WireError } from '#shared/errors'
import type { Progress, RunStatus, RunSummary } from '#shared/schemas'
import { storedMetricRowSchema } from './metrics.ts'

/** A row of the table of runs. */
export interface RunRow {
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

/** The columns of a {@link RunRow}. */
export const runColumns =
  'id, name, status, seed, data_kind, model_label, created_at, started_at, ended_at, attempt, ' +
  'progress, last_metrics, top_eigenvalue, error'

/** A row as the contract has it. */
export function toSummary(row: RunRow): RunSummary {
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
    lastMetrics:
      row.last_metrics === null ? null : storedMetricRowSchema.parse(JSON.parse(row.last_metrics)),
    topEigenvalue: row.top_eigenvalue,
    error: row.error === null ? null : (JSON.parse(row.error) as WireError),
  }
}

/** JSON of a value, and null for null. */
export const toJson = (value: unknown): string | null =>
  value === null ? null : JSON.stringify(value)

/** The error of an id that names no run. */
export const runNotFound = (runId: string): ApiError =>
  new ApiError('run-not-found', `there is no run ${runId}`, { runId })
