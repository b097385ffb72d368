import { monotonicMs } from '#base'
import { extremeEigenpairs } from '#geometry/spectral'
import type { EigenpairsDocument, MeasureSpec } from '#shared/schemas'
import type { MeasureSite } from './site.ts'

/** Measures the extreme eigenvalues of a site's matrix. */
export async function measureEigenpairs(
  measure: Extract<MeasureSpec, { kind: 'eigenpairs' }>,
  site: MeasureSite,
): Promise<EigenpairsDocument> {
  const started = monotonicMs()
  const result = await extremeEigenpairs(site.operator, {
    top: measure.top,
    bottom: measure.bottom,
    tolerance: measure.tolerance,
    maxProducts: measure.maxProducts,
    stream: site.streamOf('eigenpairs'),
    signal: site.signal,
    onProgress: site.onProgress,
  })
  return {
    kind: 'eigenpairs',
    ...site.facts,
    status: result.status,
    note: result.note,
    method: `thick-restart Lanczos, full reorthogonalization, basis of ${result.depth}, check for multiple eigenvalues`,
    cost: { products: result.products, elapsedMs: monotonicMs() - started },
    tolerance: measure.tolerance,
    top: result.top.map((pair) => ({ ...pair })),
    bottom: result.bottom.map((pair) => ({ ...pair })),
    orthogonalityLoss: result.orthogonalityLoss,
    blockSize: 1,
    fileName: null,
  }
}
