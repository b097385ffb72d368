import { renderReport } from '#lab/reports'
import type { Handlers } from '#shared/contract'
import type { ApiContext } from './context.ts'

/** Writes the report into the run's bundle; a report that was there is replaced. */
export const reportsCreate =
  ({ store }: ApiContext): Handlers['reports.create'] =>
  ({ runId }) => {
    const html = renderReport(store.getRun(runId), store.metrics.list(runId))
    return store.writeArtifact({ runId, kind: 'report', fileName: 'report.html', step: null }, html)
  }
