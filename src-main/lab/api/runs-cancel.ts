import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

export const runsCancel =
  ({ supervisor }: ApiContext): Handlers['runs.cancel'] =>
  ({ runId }) =>
    supervisor.cancel(runId)
