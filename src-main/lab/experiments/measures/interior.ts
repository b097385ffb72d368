import { monotonicMs } from '#base'
import { interiorEigenpairs, interiorVectors } from '#geometry/spectral'
import type { InteriorDocument, MeasureSpec } from '#shared/schemas'
import { resumption } from './keep-state.ts'
import type { MeasureSite } from './site.ts'

/** Measures the eigenvalues of a site's matrix that are nearest to a value. */
export async function measureInterior(
  measure: Extract<MeasureSpec, { kind: 'interior' }>,
  site: MeasureSite,
): Promise<InteriorDocument> {
  const started = monotonicMs()
  const { target, count, tolerance, maxProducts } = measure
  const { size, preferredRows } = site.operator
  const vectors = interiorVectors({ size, count, rows: preferredRows })
  const result = await interiorEigenpairs(site.operator, {
    target,
    count,
    tolerance,
    maxProducts,
    ...resumption(site.state, 4 * size * vectors.state),
    stream: site.streamOf('interior'),
    signal: site.signal,
    onProgress: site.onProgress,
  })
  return {
    kind: 'interior',
    ...site.facts,
    status: result.status,
    note: result.note,
    method: `Lanczos on a Chebyshev filter of degree ${result.degree} about the value`,
    cost: { products: result.products, elapsedMs: monotonicMs() - started },
    target,
    tolerance,
    pairs: result.pairs.map((pair) => ({ ...pair })),
    orthogonalityLoss: result.orthogonalityLoss,
  }
}
