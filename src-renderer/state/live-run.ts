import { computed, onScopeDispose, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import type {
  Artifact,
  MeasurementDocument,
  MetricRow,
  RunDetail,
  RunSummary,
} from '#shared/schemas'
import type { Backend } from '../backend/backend.ts'
import { useFrameBatch } from '../composables/use-frame-batch.ts'
import { messageOf } from './errors.ts'
import { mergeMetricRows } from './metric-rows.ts'

/** One run that keeps itself up to date. */
export interface LiveRun {
  readonly detail: Readonly<ShallowRef<RunDetail | null>>
  readonly metrics: Readonly<ShallowRef<readonly MetricRow[]>>
  readonly lastMetrics: ComputedRef<MetricRow | null>
  /** Why nothing can be shown, or why the last wish failed. */
  readonly error: Readonly<ShallowRef<string | null>>
  readonly isDeleted: Readonly<ShallowRef<boolean>>
  load(): Promise<void>
  /** Loads all but the metrics anew. */
  refresh(): Promise<void>
  cancel(): Promise<void>
  resume(): Promise<void>
  remove(): Promise<boolean>
  createReport(): Promise<Artifact | null>
}

const hasEnded = ({ status }: RunSummary): boolean => status !== 'queued' && status !== 'running'

/** Follows one run. Belongs to the scope it is made in. */
export function createLiveRun(backend: Backend, runId: string): LiveRun {
  const { client } = backend
  const detail = shallowRef<RunDetail | null>(null)
  const metrics = shallowRef<readonly MetricRow[]>([])
  const error = shallowRef<string | null>(null)
  const isDeleted = shallowRef(false)
  let isDisposed = false

  const update = (change: (current: RunDetail) => RunDetail): void => {
    if (detail.value !== null) detail.value = Object.freeze(change(detail.value))
  }
  const addRows = (rows: readonly MetricRow[]): void => {
    metrics.value = Object.freeze(mergeMetricRows(metrics.value, rows))
  }
  const tryTo = async <T>(action: () => Promise<T>): Promise<T | null> => {
    try {
      const result = await action()
      error.value = null
      return result
    } catch (reason) {
      error.value = messageOf(reason)
      return null
    }
  }

  const loadDetail = async (): Promise<void> => {
    const answer = await tryTo(() => client.call('runs.get', { runId }))
    if (answer !== null && !isDisposed) detail.value = Object.freeze(answer)
  }
  const loadMetrics = async (): Promise<void> => {
    const afterStep = metrics.value.at(-1)?.step ?? -1
    const answer = await tryTo(() => client.call('runs.metrics', { runId, afterStep }))
    if (answer !== null && !isDisposed) addRows(answer.rows)
  }
  const load = async (): Promise<void> => {
    await loadDetail()
    if (detail.value !== null) await loadMetrics()
  }

  const appendRows = useFrameBatch<readonly MetricRow[]>((batches) => addRows(batches.flat()))
  const changeSummary = useFrameBatch<RunSummary>((summaries) => {
    const summary = summaries.at(-1)
    const before = detail.value?.summary
    if (summary === undefined || before === undefined) return
    update((current) => ({ ...current, summary }))
    // What a progress event does not carry: provenance when it starts, files when it ends.
    const hasStarted = before.status === 'queued' && summary.status === 'running'
    const isPrepared = before.progress.phase !== summary.progress.phase
    if (hasStarted || isPrepared || (hasEnded(summary) && !hasEnded(before))) void loadDetail()
  })
  const addDocument = (document: MeasurementDocument): void =>
    update((current) => ({
      ...current,
      measurements: [
        ...current.measurements.filter(
          ({ index, step }) => index !== document.index || step !== document.step,
        ),
        document,
      ].sort((a, b) => a.index - b.index || a.step - b.step),
    }))

  const stops = [
    client.on('metrics.appended', (event) => {
      if (event.runId === runId) appendRows(event.rows)
    }),
    client.on('runs.changed', (summary) => {
      if (summary.id === runId) changeSummary(summary)
    }),
    client.on('measurements.added', (event) => {
      if (event.runId === runId) addDocument(event.document)
    }),
    client.on('runs.deleted', (event) => {
      if (event.runId === runId) isDeleted.value = true
    }),
    backend.onReopen(() => void load()),
  ]
  onScopeDispose(() => {
    isDisposed = true
    for (const stop of stops) stop()
  })

  const restate = async (method: 'runs.cancel' | 'runs.resume'): Promise<void> => {
    const summary = await tryTo(() => client.call(method, { runId }))
    if (summary !== null) changeSummary(summary)
  }
  return {
    detail,
    metrics,
    lastMetrics: computed(() => metrics.value.at(-1) ?? detail.value?.summary.lastMetrics ?? null),
    error,
    isDeleted,
    load,
    refresh: loadDetail,
    cancel: () => restate('runs.cancel'),
    resume: () => restate('runs.resume'),
    remove: async () => (await tryTo(() => client.call('runs.delete', { runId }))) !== null,
    createReport: async () => {
      const artifact = await tryTo(() => client.call('reports.create', { runId }))
      if (artifact !== null) void loadDetail()
      return artifact
    },
  }
}
