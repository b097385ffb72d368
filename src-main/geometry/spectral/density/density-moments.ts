import { NonFiniteError, throwIfStopped, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import {
  restShare,
  rowMoment,
  weightedNodes,
  type Estimate,
  type Quadrature,
} from '#shared/statistics'
import { fillProbes, requireDeflation, type Deflation } from './deflation.ts'

/** Settings of {@link checkMoments}. */
export interface MomentsOptions {
  /** Fresh probes, one block; default 8. */
  readonly probes?: number
  /** Another stream than the density's: the check must be independent. */
  readonly stream: RandomStream
  /** The outliers that were kept out of the density. */
  readonly outliers?: Deflation | undefined
  readonly signal?: AbortSignal | undefined
}

/** A moment of a quadrature against an independent estimate of it. */
export interface MomentCheck {
  readonly quadrature: Estimate
  readonly reference: Estimate
  /** Difference in units of its standard error. */
  readonly z: number
}

/** Whether a quadrature has the moments of its operator. */
export interface MomentsResult {
  /** tr A/n. */
  readonly mean: MomentCheck
  /** tr A²/n. */
  readonly square: MomentCheck
  /** max |Σ τ − 1| over rows. */
  readonly weightDefect: number
  readonly passes: boolean
  readonly products: number
}

/** Standard errors beyond which a moment contradicts its reference. */
const limit = 4

/** Allowed |Σ τ − 1|: weights are squares of an orthonormal row in float64. */
const weightTolerance = 1e-6

/**
 * Checks the first moments of a quadrature against Hutchinson's estimates of tr A/n and tr A²/n from fresh probes.
 *
 * Passes if |z| < 4 for both and the weights of each row sum to 1 to 10⁻⁶. Both sides are means over spherical probes, of variance
 * 2(⟨f²⟩ − ⟨f⟩²)/(n + 2) each, so z needs no spread over few samples: ⟨λ²⟩ and ⟨λ⟩ are pooled from both sides, and ⟨λ⁴⟩/⟨λ²⟩
 * is that of the quadrature. A right quadrature fails in fewer than 1 of 1,000 checks: about 1 in 8,000 where no single
 * eigenvalue rules the moments, for which z is normal.
 *
 * With outliers the fresh probes are drawn in their complement, but their products are taken whole: what leaks from vectors
 * that are no eigenvectors counts in tr A² and fails the check.
 *
 * Cost: `probes` applications in one block. Deterministic for a given stream.
 *
 * @param density - Quadrature with its `dimension`, its atoms the values of `outliers`.
 * @throws NonFiniteError if a product is not finite.
 */
export async function checkMoments(
  operator: LinearOperator,
  density: Quadrature,
  options: MomentsOptions,
): Promise<MomentsResult> {
  const { size, space } = operator
  const { probes = 8, stream } = options
  const outliers = options.outliers ?? { values: [], vectors: space.allocate(0) }
  requireDeflation(space, outliers)
  throwIfStopped(options.signal)
  const block = space.allocate(probes)
  const product = space.allocate(probes)
  await fillProbes(space, block, probes, { stream, first: 0, outliers })
  await operator.apply(block, probes, product)
  let [mean, square] = [0, 0]
  for (let i = 0; i < probes; i += 1) {
    const row = (buffer: Vector): Vector => buffer.subarray(i * size, (i + 1) * size)
    const length = await space.norm(row(block))
    const [part] = await space.innerProducts(row(block), 1, row(product), 1)
    mean += part! / length ** 2 / probes
    square += ((await space.norm(row(product))) / length) ** 2 / probes
  }
  if (!Number.isFinite(mean) || !Number.isFinite(square)) {
    throw new NonFiniteError('a product with a fresh probe')
  }

  const counts = {
    density: density.nodes.length,
    fresh: probes,
    draws: size - outliers.values.length + 2,
  }
  const moments = [1, 2, 4].map((power) => rowMoment(density, power))
  const [first, second, fourth] = [moments[0]!, moments[1]!, moments[2]!]
  const pool = (a: number, b: number): number =>
    (counts.density * a + counts.fresh * b) / (counts.density + counts.fresh)
  const pooledSquare = pool(second, square)
  const height = second > 0 ? fourth / second : 0
  const largest = weightedNodes(density).reduce(
    (most, { value }) => Math.max(most, Math.abs(value)),
    0,
  )
  const compare = (power: number, quadrature: number, reference: number, spread: number) => {
    const fixed = outliers.values.reduce((sum, value) => sum + value ** power, 0) / size
    const share = restShare({
      ...density,
      atoms: outliers.values.map((value) => ({ value })),
      dimension: size,
    })
    const variance = (2 * Math.max(0, spread)) / counts.draws
    // Products are rounded: moments of all but equal eigenvalues differ by that alone.
    const rounding = space.epsilon * largest ** power
    const error = Math.hypot(
      Math.sqrt(variance * (1 / counts.density + 1 / counts.fresh)),
      rounding,
    )
    const difference = quadrature - reference
    const estimate = (value: number, count: number): Estimate => ({
      mean: fixed + share * value,
      standardError: share * Math.sqrt(variance / count),
    })
    return {
      quadrature: estimate(quadrature, counts.density),
      reference: estimate(reference, counts.fresh),
      z: difference === 0 ? 0 : difference / error,
    }
  }
  const checks = {
    mean: compare(1, first, mean, pooledSquare - pool(first, mean) ** 2),
    square: compare(2, second, square, height * pooledSquare - pooledSquare ** 2),
  }
  const weightDefect = density.weights.reduce(
    (worst, row) => Math.max(worst, Math.abs(row.reduce((sum, w) => sum + w, 0) - 1)),
    0,
  )
  return {
    ...checks,
    weightDefect,
    passes:
      Math.abs(checks.mean.z) < limit &&
      Math.abs(checks.square.z) < limit &&
      weightDefect <= weightTolerance,
    products: probes,
  }
}
