import { monotonicMs } from '#base'
import { estimateDiagonal } from '#geometry/spectral'
import type { DiagonalDocument, MeasureSpec } from '#shared/schemas'
import { resumption } from './keep-state.ts'
import type { MeasureSite } from './site.ts'
import { spendingOf } from './trace.ts'

/** Shares of the entries whose quantiles are told. */
const quantileShares = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1]

/** Estimates the diagonal of a site's matrix; the entries themselves go to a file of the run. */
export async function measureDiagonal(
  measure: Extract<MeasureSpec, { kind: 'diagonal' }>,
  site: MeasureSite,
): Promise<DiagonalDocument> {
  const started = monotonicMs()
  const entries = site.layout?.entries ?? []
  const spending = spendingOf(measure)
  const most = measure.precision === undefined ? measure.probes : measure.maxProducts
  const result = await estimateDiagonal(site.operator, {
    ...spending,
    // Two vectors in float64, and the sums over each tensor of each probe.
    ...resumption(site.state, 8 * (2 * site.operator.size + (1 + entries.length) * most)),
    stream: site.streamOf('diagonal'),
    ranges: entries.map(({ offset, size }) => [offset, offset + size]),
    signal: site.signal,
    onProgress: site.onProgress,
  })
  const { diagonal, standardError, sums, products } = result
  const fileName = await site.keepVectors?.(
    new Map([
      ['diagonal', Float32Array.from(diagonal)],
      ['standard_error', Float32Array.from(standardError)],
    ]),
  )
  const sorted = diagonal.toSorted()
  return {
    kind: 'diagonal',
    ...site.facts,
    status: result.status,
    note: result.note,
    method: 'Hutchinson, Rademacher probes; standard errors over probes',
    cost: { products, elapsedMs: monotonicMs() - started },
    probes: products,
    precision: measure.precision ?? null,
    rmsStandardError: result.rmsStandardError,
    rms: result.rms,
    quantiles: quantileShares.map((share) => ({
      share,
      value: sorted[Math.round(share * (sorted.length - 1))]!,
    })),
    parts: entries.map(({ name, size }, i) => ({
      name,
      size,
      value: sums[i]!.mean,
      standardError: sums[i]!.standardError,
    })),
    fileName: fileName ?? null,
  }
}
