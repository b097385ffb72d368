import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

export const runsResume =
  ({ store, supervisor, checkCompute }: ApiContext): Handlers['runs.resume'] =>
  async ({ runId, compute: wanted }) => {
    if (wanted === undefined) return supervisor.resume(runId)
    const before = store.runs.compute(runId)
    const compute = {
      runtime: wanted.runtime ?? before.runtime,
      device: wanted.device ?? before.device,
    }
    await checkCompute(compute)
    return supervisor.resume(runId, compute)
  }
