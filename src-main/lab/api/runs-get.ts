import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

export const runsGet =
  ({ store }: ApiContext): Handlers['runs.get'] =>
  ({ runId }) =>
    store.getRun(runId)
