import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

export const runsDelete =
  ({ store, emit }: ApiContext): Handlers['runs.delete'] =>
  ({ runId }) => {
    store.deleteRun(runId)
    emit('runs.deleted', { runId })
    return {}
  }
