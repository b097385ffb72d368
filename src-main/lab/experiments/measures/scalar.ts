import { monotonicMs } from '#base'
import { measureScalar } from '#geometry/spectral'
import type { MeasureSpec, ScalarDocument } from '#shared/schemas'
import type { MeasureSite } from './site.ts'
import { spendingOf } from './trace.ts'

/** Estimates a number that sums up the spectrum of a site's matrix. */
export async function measureNumber(
  measure: Extract<MeasureSpec, { kind: 'scalar' }>,
  site: MeasureSite,
): Promise<ScalarDocument> {
  const started = monotonicMs()
  const { quantity } = measure
  const { estimate, parts, status, note, method, products } = await measureScalar(site.operator, {
    quantity,
    scale: measure.scale,
    ...spendingOf(measure),
    stream: site.streamOf(quantity),
    signal: site.signal,
    onProgress: site.onProgress,
  })
  return {
    kind: 'scalar',
    ...site.facts,
    status,
    note,
    method,
    cost: { products, elapsedMs: monotonicMs() - started },
    quantity,
    value: estimate?.mean ?? null,
    standardError: estimate?.standardError ?? null,
    precision: measure.precision ?? null,
    parts: parts.map(({ name, mean, standardError }) => ({ name, value: mean, standardError })),
  }
}
