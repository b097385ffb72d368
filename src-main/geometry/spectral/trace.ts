import { fillNormal, fillSigns, NonFiniteError, throwIfStopped, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { meanAndStandardError, type Estimate } from '#shared/statistics'

/** Settings of {@link estimateTrace}. */
export interface TraceOptions {
  /** Probe vectors m, 2 or more. */
  readonly probes: number
  readonly stream: RandomStream
  /** Signs (Rademacher) have the least variance among independent entries; normals for comparison. */
  readonly distribution?: 'signs' | 'normal'
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** An estimate of tr A, and of tr A² from the same products. */
export interface TraceResult {
  readonly trace: Estimate
  readonly squareTrace: Estimate
  /** zᵀAz of each probe, `[m]`. */
  readonly samples: readonly number[]
  readonly products: number
}

/**
 * Estimates the trace by Hutchinson's method: tr A = E zᵀAz for z with E zzᵀ = I.
 *
 * Variance of one probe: 2(‖A‖_F² − Σ Aᵢᵢ²) for signs, 2‖A‖_F² for normals. The standard error is
 * the sample deviation over √m. From the same products, tr A² = E ‖Az‖².
 *
 * Cost: m applications of A in blocks of the operator's liking; two blocks held.
 * Deterministic for a given stream.
 *
 * @throws NonFiniteError naming the probe whose product is not finite.
 * @see Hutchinson, A stochastic estimator of the trace (1990)
 */
export async function estimateTrace(
  operator: LinearOperator,
  options: TraceOptions,
): Promise<TraceResult> {
  const { size, space } = operator
  const { probes, stream, signal } = options
  const fill = options.distribution === 'normal' ? fillNormal : fillSigns
  const rows = Math.min(operator.preferredRows, probes)
  const block = space.allocate(rows)
  const product = space.allocate(rows)
  const samples: number[] = []
  const squares: number[] = []
  const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
  while (samples.length < probes) {
    throwIfStopped(signal)
    const count = Math.min(rows, probes - samples.length)
    for (let i = 0; i < count; i += 1) fill(row(block, i), stream.fork('probe', samples.length + i))
    await operator.apply(block, count, product)
    for (let i = 0; i < count; i += 1) {
      const [sample] = await space.innerProducts(row(block, i), 1, row(product, i), 1)
      const length = await space.norm(row(product, i))
      if (!Number.isFinite(sample) || !Number.isFinite(length)) {
        throw new NonFiniteError(`the operator's product with probe ${samples.length + 1}`)
      }
      samples.push(sample!)
      squares.push(length ** 2)
    }
    options.onProgress?.(samples.length)
  }
  return {
    trace: meanAndStandardError(samples),
    squareTrace: meanAndStandardError(squares),
    samples,
    products: samples.length,
  }
}
