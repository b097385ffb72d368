import { monotonicMs } from '#base'
import { eigenpairsVectors, extremeEigenpairs, type EigenpairsState } from '#geometry/spectral'
import type { EigenpairsDocument, MeasureSpec } from '#shared/schemas'
import { blockSizeOf } from './block-size.ts'
import { resumption } from './keep-state.ts'
import type { MeasureSite } from './site.ts'

/** Measures the extreme eigenvalues of a site's matrix. */
export async function measureEigenpairs(
  measure: Extract<MeasureSpec, { kind: 'eigenpairs' }>,
  site: MeasureSite,
): Promise<EigenpairsDocument> {
  const started = monotonicMs()
  const { top, bottom, tolerance, maxProducts } = measure
  const { size, space } = site.operator
  const blockSize = blockSizeOf(measure)
  const wanted = Math.min(top + bottom, size)
  const { basis } = eigenpairsVectors({
    size,
    epsilon: space.epsilon,
    wanted,
    maxProducts,
    blockSize,
  })
  const { saved, onState } = resumption(site.state, 4 * size * basis)
  const result = await extremeEigenpairs(site.operator, {
    top,
    bottom,
    tolerance,
    maxProducts,
    blockSize,
    findsMultiples: measure.multiples,
    // Written and hashed by us: its shape is trusted.
    saved: saved as EigenpairsState | undefined,
    onState,
    stream: site.streamOf('eigenpairs'),
    signal: site.signal,
    onProgress: site.onProgress,
  })
  const fileName = measure.keepVectors
    ? await site.keepVectors?.(
        new Map([
          ['top', result.vectors.subarray(0, result.top.length * size)],
          ['bottom', result.vectors.subarray(result.top.length * size, wanted * size)],
        ]),
      )
    : undefined
  const block = result.blockSize === 1 ? '' : ` in blocks of ${result.blockSize}`
  return {
    kind: 'eigenpairs',
    ...site.facts,
    status: result.status,
    note: result.note,
    method: `thick-restart Lanczos${block}, full reorthogonalization, basis of ${result.depth}, ${measure.multiples ? 'check for multiple eigenvalues' : 'no check for multiple eigenvalues'}`,
    cost: { products: result.products, elapsedMs: monotonicMs() - started },
    tolerance,
    top: result.top.map((pair) => ({ ...pair })),
    bottom: result.bottom.map((pair) => ({ ...pair })),
    orthogonalityLoss: result.orthogonalityLoss,
    blockSize: result.blockSize,
    fileName: fileName ?? null,
  }
}
