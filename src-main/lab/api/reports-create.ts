import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

/** Writes the report into the run's bundle; a report that was there is replaced. */
export const reportsCreate =
  ({ store }: ApiContext): Handlers['reports.create'] =>
  async ({ runId }) => {
    const detail = store.getRun(runId)
    // The charts' library is large and only reports need it.
    const { renderReport } = await import('#lab/reports')
    const html = renderReport(detail, store.metrics.list(runId))
    return store.writeArtifact({ runId, kind: 'report', fileName: 'report.html', step: null }, html)
  }
