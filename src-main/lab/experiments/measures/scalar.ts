import { monotonicMs } from '#base'
import { measureScalar, scalarStateRows } from '#geometry/spectral'
import type { MeasureSpec, ScalarDocument } from '#shared/schemas'
import { resumption } from './keep-state.ts'
import type { MeasureSite } from './site.ts'
import { spendingOf } from './trace.ts'

/** Estimates a number that sums up the spectrum of a site's matrix. */
export async function measureNumber(
  measure: Extract<MeasureSpec, { kind: 'scalar' }>,
  site: MeasureSite,
): Promise<ScalarDocument> {
  const started = monotonicMs()
  const { operator } = site
  const { quantity } = measure
  const settings = { quantity, scale: measure.scale, ...spendingOf(measure) }
  const stateRows = scalarStateRows(operator, settings)
  const { estimate, parts, status, note, method, products } = await measureScalar(operator, {
    ...settings,
    ...resumption(site.state, 4 * operator.size * stateRows),
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
