import { monotonicMs } from '#base'
import { estimateTrace, traceStateRows, type TraceMethod } from '#geometry/spectral'
import type { MeasureSpec, TraceDocument } from '#shared/schemas'
import { resumption } from './keep-state.ts'
import type { MeasureSite } from './site.ts'

/** How traces are sampled, in words. */
export const traceMethodTexts: Readonly<Record<TraceMethod, string>> = {
  hutchinson: 'Hutchinson, Rademacher probes',
  'hutch++': 'Hutch++',
  xtrace: 'XTrace',
}

/** What a measurement over random probes may spend, as estimators ask for it. */
export const spendingOf = ({
  probes,
  precision,
  maxProducts,
}: Pick<Extract<MeasureSpec, { kind: 'trace' }>, 'probes' | 'precision' | 'maxProducts'>) =>
  precision === undefined ? { probes } : { probes, precision, maxProducts }

/** Estimates the trace of a site's matrix. */
export async function measureTrace(
  measure: Extract<MeasureSpec, { kind: 'trace' }>,
  site: MeasureSite,
): Promise<TraceDocument> {
  const started = monotonicMs()
  const { method } = measure
  const spending = spendingOf(measure)
  const stateRows = traceStateRows(method, spending)
  const { trace, products, status, note } = await estimateTrace(site.operator, {
    method,
    ...spending,
    ...resumption(site.state, 4 * site.operator.size * stateRows),
    stream: site.streamOf('trace'),
    signal: site.signal,
    onProgress: site.onProgress,
  })
  return {
    kind: 'trace',
    ...site.facts,
    status,
    note,
    method: `${traceMethodTexts[method]}; standard error over probes`,
    cost: { products, elapsedMs: monotonicMs() - started },
    value: trace.mean,
    standardError: trace.standardError,
    probes: products,
    precision: measure.precision ?? null,
  }
}
