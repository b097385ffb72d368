import type { Estimate } from '#shared/statistics'
import type { Eigenpair } from '../krylov/measure-pairs.ts'
import { estimateOf, type TraceStatistic } from './trace-precision.ts'
import type { TraceSamples } from './trace-sampler.ts'

/** (tr A)²/tr A². */
export const participationStatistic: TraceStatistic = {
  name: '(tr A)²/tr A²',
  value: (trace, square) => trace ** 2 / square,
  gradient: (trace, square) => [(2 * trace) / square, -((trace / square) ** 2)],
}

/** tr A/√(tr A²). */
export const goldilocksStatistic: TraceStatistic = {
  name: 'tr A/‖A‖',
  value: (trace, square) => trace / Math.sqrt(square),
  gradient: (trace, square) => [1 / Math.sqrt(square), -trace / 2 / square ** 1.5],
}

/**
 * Participation ratio (tr A)²/tr A²: how many equal eigenvalues a positive semidefinite spectrum is worth, 1 to n.
 *
 * With the covariance of both traces, which come from the same probes; to first order (see `estimateOf`).
 *
 * @param samples - A result of `estimateTrace` or `estimateSquareTrace`; tr A² > 0.
 */
export const participationRatio = (samples: TraceSamples): Estimate =>
  estimateOf(participationStatistic, samples)

/**
 * Goldilocks ratio tr A/‖A‖_F, which lies in ±√n: √n times the mean eigenvalue over the root mean square. Its square is the
 * participation ratio, its sign says which sign of curvature prevails.
 *
 * @param samples - A result of `estimateTrace` or `estimateSquareTrace`; tr A² > 0.
 * @see Fort and Scherlis, The Goldilocks zone: towards better understanding of neural network loss landscapes (2019)
 */
export const goldilocksRatio = (samples: TraceSamples): Estimate =>
  estimateOf(goldilocksStatistic, samples)

/** A quotient of independent estimates, to first order. */
function quotient(over: Estimate, under: Estimate): Estimate {
  const mean = over.mean / under.mean
  return {
    mean,
    standardError:
      Math.hypot(over.standardError, mean * under.standardError) / Math.abs(under.mean),
  }
}

/** λmax as an estimate: its residual, within which an eigenvalue lies, stands for its standard error. */
export const ofPair = ({ value, residual }: Eigenpair): Estimate => ({
  mean: value,
  standardError: residual,
})

/**
 * Effective rank tr A/λmax: how many eigenvalues as large as the largest make up the trace, 1 to the rank if A is positive
 * semidefinite.
 *
 * @param trace - Of other probes than λmax.
 * @param largest - λmax > 0 with its residual.
 * @see Vershynin, Introduction to the non-asymptotic analysis of random matrices (2012), remark 5.53
 */
export const effectiveRank = (trace: Estimate, largest: Eigenpair): Estimate =>
  quotient(trace, ofPair(largest))

/**
 * Root mean square of the eigenvalues that are left when the outliers are taken out: √(tr (PAP)²/(n − k)) with P the projector
 * on the complement of their k vectors.
 *
 * @param square - tr (PAP)².
 * @param count - n − k, 1 or more.
 */
export function bulkScale(square: Estimate, count: number): Estimate {
  const mean = Math.sqrt(square.mean / count)
  return { mean, standardError: mean === 0 ? 0 : square.standardError / (2 * mean * count) }
}

/**
 * λmax over the scale of the bulk: how far the largest eigenvalue stands out, 2 at the edge of a semicircle.
 *
 * @param largest - λmax with its residual.
 * @param scale - A result of {@link bulkScale}, not 0.
 */
export const bulkRatio = (largest: Eigenpair, scale: Estimate): Estimate =>
  quotient(ofPair(largest), scale)
