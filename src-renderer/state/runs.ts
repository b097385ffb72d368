import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import type { RunStatus, RunSummary } from '#shared/schemas'
import type { Backend } from '../backend/backend.ts'
import { useFrameBatch } from '../composables/use-frame-batch.ts'
import { messageOf } from './errors.ts'

export const pageSize = 200

/** Which runs a list shows. */
export interface RunsQuery {
  readonly text: string
  readonly status: RunStatus | null
  readonly offset: number
}

/** One page of runs that keeps itself up to date. */
export interface RunsState {
  readonly runs: Readonly<ShallowRef<readonly RunSummary[]>>
  readonly total: Readonly<ShallowRef<number>>
  readonly isLoaded: Readonly<ShallowRef<boolean>>
  readonly error: Readonly<ShallowRef<string | null>>
  readonly show: (query: RunsQuery) => Promise<void>
}

const refreshDelayMs = 400

/** Loads pages of runs and folds in what the engine tells. Belongs to the scope it is made in. */
export function createRunsState(backend: Backend): RunsState {
  const runs = shallowRef<readonly RunSummary[]>([])
  const total = shallowRef(0)
  const isLoaded = shallowRef(false)
  const error = shallowRef<string | null>(null)
  let query: RunsQuery = { text: '', status: null, offset: 0 }
  let latestRequest = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const load = async (): Promise<void> => {
    const request = (latestRequest += 1)
    try {
      const answer = await backend.client.call('runs.list', {
        limit: pageSize,
        offset: query.offset,
        ...(query.text === '' ? {} : { text: query.text }),
        ...(query.status === null ? {} : { status: query.status }),
      })
      // A slow answer to an older question is dropped.
      if (request !== latestRequest) return
      runs.value = Object.freeze(answer.runs)
      total.value = answer.total
      error.value = null
    } catch (reason) {
      if (request !== latestRequest) return
      error.value = messageOf(reason)
    }
    isLoaded.value = true
  }
  const refreshSoon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      void load()
    }, refreshDelayMs)
  }

  const fold = useFrameBatch<RunSummary>((changes) => {
    const changed = new Map(changes.map((run) => [run.id, run]))
    const next = runs.value.map((run) => changed.get(run.id) ?? run)
    for (const run of runs.value) changed.delete(run.id)
    // A run that left or may enter the filter, or a new one: only the engine knows the page.
    const hasLeft = next.some(({ status }) => query.status !== null && status !== query.status)
    if (hasLeft || (changed.size > 0 && query.offset === 0)) refreshSoon()
    runs.value = Object.freeze(next)
  })

  const stops = [
    backend.client.on('runs.changed', fold),
    backend.client.on('runs.deleted', refreshSoon),
    backend.onReopen(() => void load()),
  ]
  onScopeDispose(() => {
    clearTimeout(timer)
    latestRequest += 1
    for (const stop of stops) stop()
  })

  return {
    runs,
    total,
    isLoaded,
    error,
    show: (next) => {
      query = next
      return load()
    },
  }
}
