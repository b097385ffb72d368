import { monotonicMs } from '#base'
import { symmetricEigenvalues } from '#geometry/spectral'
import type { DenseDocument, MeasureSpec } from '#shared/schemas'
import type { MeasureSite } from './site.ts'

/** Takes all eigenvalues of a site's matrix, in float64 throughout. */
export async function measureDense(
  _measure: Extract<MeasureSpec, { kind: 'dense' }>,
  site: MeasureSite,
): Promise<DenseDocument> {
  const started = monotonicMs()
  const { signal, onProgress } = site
  const { matrix, size, asymmetry } = await site.dense({ signal, onProgress })
  const eigenvalues = await symmetricEigenvalues(matrix, size, { signal })
  return {
    kind: 'dense',
    ...site.facts,
    status: 'exact',
    note: '',
    method: 'dense matrix by float64 products, Householder tridiagonalization, implicit QL',
    cost: { products: size, elapsedMs: monotonicMs() - started },
    eigenvalues: [...eigenvalues],
    asymmetry,
  }
}
