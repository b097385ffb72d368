import { formatDuration, formatNumber, formatPercent, runStatusWords } from '#shared/figures'
import type { RunSummary } from '#shared/schemas'

export type ColumnKey =
  | 'name'
  | 'status'
  | 'data'
  | 'model'
  | 'seed'
  | 'accuracy'
  | 'loss'
  | 'eigenvalue'
  | 'started'
  | 'duration'

export interface Sort {
  readonly key: ColumnKey | 'created'
  readonly isDescending: boolean
}

interface Column {
  readonly key: ColumnKey
  readonly title: string
  readonly isNumber: boolean
  /** What rows are sorted by; null comes last either way. */
  readonly value: (run: RunSummary, now: number) => string | number | null
  readonly text: (run: RunSummary, now: number) => string
}

const orNone = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? '–' : format(value)

const two = (value: number): string => String(value).padStart(2, '0')

/** An ISO 8601 time in the time zone of the reader. */
export function formatLocalTime(iso: string): string {
  const time = new Date(iso)
  const day = `${String(time.getFullYear())}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`
}

function durationMs(run: RunSummary, now: number): number | null {
  if (run.startedAt === null) return null
  const end = run.endedAt === null ? now : Date.parse(run.endedAt)
  return Math.max(0, end - Date.parse(run.startedAt))
}

export const columns: readonly Column[] = [
  {
    key: 'name',
    title: 'Name',
    isNumber: false,
    value: (run) => run.name.toLowerCase(),
    text: (run) => run.name,
  },
  {
    key: 'status',
    title: 'Status',
    isNumber: false,
    value: (run) => runStatusWords[run.status].word,
    text: (run) => runStatusWords[run.status].word,
  },
  {
    key: 'data',
    title: 'Data',
    isNumber: false,
    value: (run) => run.dataKind,
    text: (run) => run.dataKind,
  },
  {
    key: 'model',
    title: 'Model',
    isNumber: false,
    value: (run) => run.modelLabel,
    text: (run) => run.modelLabel,
  },
  {
    key: 'seed',
    title: 'Seed',
    isNumber: true,
    value: (run) => run.seed,
    text: (run) => String(run.seed),
  },
  {
    key: 'accuracy',
    title: 'Val. accuracy',
    isNumber: true,
    value: (run) => run.lastMetrics?.validationAccuracy ?? null,
    text: (run) => orNone(run.lastMetrics?.validationAccuracy, formatPercent),
  },
  {
    key: 'loss',
    title: 'Loss',
    isNumber: true,
    value: (run) => run.lastMetrics?.trainLoss ?? null,
    text: (run) => orNone(run.lastMetrics?.trainLoss, formatNumber),
  },
  {
    key: 'eigenvalue',
    title: 'λmax',
    isNumber: true,
    value: (run) => run.topEigenvalue,
    text: (run) => orNone(run.topEigenvalue, formatNumber),
  },
  {
    key: 'started',
    title: 'Started',
    isNumber: true,
    value: (run) => run.startedAt,
    text: (run) => (run.startedAt === null ? '–' : formatLocalTime(run.startedAt)),
  },
  {
    key: 'duration',
    title: 'Duration',
    isNumber: true,
    value: durationMs,
    text: (run, now) => orNone(durationMs(run, now), formatDuration),
  },
]

/** Runs in the order asked for; `created` is the order the engine gave, newest first. */
export function sortRuns(
  runs: readonly RunSummary[],
  { key, isDescending }: Sort,
  now: number,
): readonly RunSummary[] {
  const column = columns.find((candidate) => candidate.key === key)
  if (column === undefined) return runs
  const direction = isDescending ? -1 : 1
  return runs
    .map((run) => ({ run, value: column.value(run, now) }))
    .sort((a, b) => {
      if (a.value === b.value) return 0
      if (a.value === null) return 1
      if (b.value === null) return -1
      return (a.value < b.value ? -1 : 1) * direction
    })
    .map(({ run }) => run)
}

/** `-loss` for descending; the engine's own order for anything unknown. */
export function sortFromQuery(text: string): Sort {
  const name = text.replace(/^-/, '')
  const key = columns.find((column) => column.key === name)?.key ?? 'created'
  return { key, isDescending: text.startsWith('-') }
}

export const sortToQuery = ({ key, isDescending }: Sort): string =>
  `${isDescending ? '-' : ''}${key}`
