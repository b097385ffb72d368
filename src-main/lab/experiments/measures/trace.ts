import { monotonicMs } from '#base'
import { estimateTrace } from '#geometry/spectral'
import type { MeasureSpec, TraceDocument } from '#shared/schemas'
import type { MeasureSite } from './site.ts'

/** Estimates the trace of a site's matrix. */
export async function measureTrace(
  measure: Extract<MeasureSpec, { kind: 'trace' }>,
  site: MeasureSite,
): Promise<TraceDocument> {
  const started = monotonicMs()
  const { trace, products } = await estimateTrace(site.operator, {
    probes: measure.probes,
    stream: site.streamOf('trace'),
    signal: site.signal,
    onProgress: site.onProgress,
  })
  return {
    kind: 'trace',
    ...site.facts,
    status: 'estimated',
    note: '',
    method: 'Hutchinson, Rademacher probes; standard error over probes',
    cost: { products, elapsedMs: monotonicMs() - started },
    value: trace.mean,
    standardError: trace.standardError,
    probes: measure.probes,
    precision: measure.precision ?? null,
  }
}
