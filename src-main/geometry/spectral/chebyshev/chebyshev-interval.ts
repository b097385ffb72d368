import { fillNormal, type RandomStream } from '#base'
import type { LinearOperator } from '#geometry/operators'
import type { SpectralInterval } from './chebyshev-recurrence.ts'
import { lanczos } from '../krylov/lanczos.ts'
import { eigenTridiagonal } from '../krylov/tridiagonal.ts'

/** An interval that holds a spectrum, as far as a few products tell. */
export interface EnclosingInterval extends SpectralInterval {
  /** Largest |Ritz value|. */
  readonly scale: number
  readonly products: number
}

/** Lanczos steps: outliers have settled by then, and the residuals bound the rest. */
const defaultSteps = 24

/** Share of the width that is added at each end. */
const margin = 0.01

/**
 * Estimates an interval that holds the spectrum of a symmetric operator.
 *
 * Lanczos from a random vector; each Ritz value counts with its residual, and 1 % of the width is added at each end. This is no
 * proof: who uses the interval watches whether Chebyshev polynomials grow on it, which they do only outside. It is
 * √ε·max |θ| wide on each side at least, and [−1, 1] for the zero operator.
 *
 * Cost: `steps` applications, `steps`·n numbers held. Deterministic for a given stream; scales with the operator.
 *
 * @throws NonFiniteError naming the step, if a product is not finite.
 * @see Zhou and Li, Bounding the spectrum of large Hermitian matrices (2011)
 */
export async function enclosingInterval(
  operator: LinearOperator,
  options: {
    readonly stream: RandomStream
    readonly steps?: number
    readonly signal?: AbortSignal | undefined
  },
): Promise<EnclosingInterval> {
  const { size, space } = operator
  const start = space.allocate(1)
  fillNormal(start, options.stream.fork('interval'))
  const result = await lanczos(operator, start, {
    depth: Math.min(size, options.steps ?? defaultSteps),
    signal: options.signal,
  })
  await result.basis.release()
  const { values, vectors } = eigenTridiagonal(result.diagonal, result.offDiagonal)
  let [low, high, scale] = [Infinity, -Infinity, 0]
  values.forEach((value, i) => {
    const residual = result.residualNorm * Math.abs(vectors[i]!.at(-1)!)
    low = Math.min(low, value - residual)
    high = Math.max(high, value + residual)
    scale = Math.max(scale, Math.abs(value))
  })
  const pad = Math.max(margin * (high - low), Math.sqrt(space.epsilon) * scale)
  return {
    ...(scale === 0 ? { low: -1, high: 1 } : { low: low - pad, high: high + pad }),
    scale,
    products: result.diagonal.length,
  }
}

/** The interval with `share` of its width more at each end. */
export const widenInterval = (
  { low, high }: SpectralInterval,
  share: number,
): SpectralInterval => ({
  low: low - share * (high - low),
  high: high + share * (high - low),
})
