import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

export const runsMetrics =
  ({ store }: ApiContext): Handlers['runs.metrics'] =>
  ({ runId, afterStep }) => {
    store.runs.get(runId) // throws if there is no such run, which an empty list would hide
    return { rows: store.metrics.list(runId, afterStep) }
  }
