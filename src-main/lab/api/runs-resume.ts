import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

export const runsResume =
  ({ supervisor }: ApiContext): Handlers['runs.resume'] =>
  ({ runId }) =>
    supervisor.resume(runId)
