import { InputError, throwIfStopped, type RandomStream } from '#base'
import type { LinearOperator } from '#geometry/operators'
import { enclosingInterval, widenInterval } from './chebyshev-interval.ts'
import { ChebyshevRecurrence, rowProducts, type SpectralInterval } from './chebyshev-recurrence.ts'
import { fillProbes, projectOut, requireDeflation, type Deflation } from '../density/deflation.ts'

/** Settings of {@link chebyshevMoments}. */
export interface ChebyshevMomentsOptions {
  /** Probe vectors, 1 or more; probe i is drawn from `stream.fork('probe', i)` as in `estimateDensity`. */
  readonly probes: number
  /** Products m of each probe, 1 or more: they give 2m + 1 moments. */
  readonly steps: number
  readonly stream: RandomStream
  /** Holds the spectrum; default: found from `guess`. */
  readonly interval?: SpectralInterval | undefined
  /** May hold the spectrum, and is widened where it does not; default: estimated by a few Lanczos steps. */
  readonly guess?: SpectralInterval | undefined
  /** Eigenpairs whose vectors are kept out of the probes; default: none. */
  readonly outliers?: Deflation | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** Chebyshev moments of a spectrum as random probes see it. */
export interface ChebyshevMoments {
  /** μₖ = vᵀTₖ(Ã)v of unit probes v, one row of 2m + 1 a probe; μ₀ = 1. */
  readonly moments: readonly (readonly number[])[]
  /** Ã = (A − center)/halfWidth maps it to [−1, 1]. */
  readonly interval: SpectralInterval
  /** m. */
  readonly steps: number
  /** Spacing of the arithmetic the moments were computed in. */
  readonly epsilon: number
  /** Those for the interval counted. */
  readonly products: number
}

/** How often a guessed interval is widened, by 10 % of its width on each side. */
const wideningLimit = 8
const widening = 0.1

/**
 * Computes Chebyshev moments of probe vectors, two from each product.
 *
 * μ₂ⱼ = 2⟨Tⱼv, Tⱼv⟩ − μ₀ and μ₂ⱼ₊₁ = 2⟨Tⱼ₊₁v, Tⱼv⟩ − μ₁, so m products give μ₀, …, μ₂ₘ. They need no basis and no
 * orthogonality, which makes them a check of Lanczos quadratures, see `compareWithKernelPolynomials`.
 *
 * |Tₖ| ≤ 1 on the interval, so ‖Tⱼv‖ > ‖v‖ shows an eigenvalue outside of it: a guess is then widened and the moments
 * begin anew.
 *
 * Cost: probes·m applications in blocks of all probes; 3·probes·n numbers held. Deterministic for a given stream.
 *
 * @throws InputError if `probes` or `steps` is below 1, or the interval given is empty or does not hold the spectrum.
 * @throws NonFiniteError naming the step, if a product is not finite.
 * @see Weiße, Wellein, Alvermann and Fehske, The kernel polynomial method (2006), section II.B
 */
export async function chebyshevMoments(
  operator: LinearOperator,
  options: ChebyshevMomentsOptions,
): Promise<ChebyshevMoments> {
  const { space } = operator
  for (const name of ['probes', 'steps'] as const) {
    if (!Number.isInteger(options[name]) || options[name] < 1) {
      throw new InputError(name, `${name} must be an integer of 1 or more, got ${options[name]}`)
    }
  }
  const {
    stream,
    signal,
    interval: given,
    outliers = { values: [], vectors: space.allocate(0) },
  } = options
  if (given !== undefined && !(given.low < given.high)) {
    throw new InputError(
      'interval',
      `interval must have low < high, got [${given.low}, ${given.high}]`,
    )
  }
  requireDeflation(space, outliers)
  let products = 0
  let interval = given ?? options.guess
  if (interval === undefined) {
    const estimated = await enclosingInterval(operator, { stream, signal })
    interval = { low: estimated.low, high: estimated.high }
    products = estimated.products
  }
  for (let attempt = 0; ; attempt += 1) {
    const { moments, steps } = await runProbes(operator, interval, outliers, options, products)
    products += options.probes * steps
    if (moments !== null) {
      return { moments, interval, steps, epsilon: space.epsilon, products }
    }
    if (given !== undefined || attempt === wideningLimit) {
      throw new InputError(
        'interval',
        `interval must hold the spectrum, but Chebyshev polynomials on [${interval.low}, ${interval.high}] grow (degree ${steps})`,
      )
    }
    interval = widenInterval(interval, widening)
  }
}

/** Moments on an interval, or null and the degree at which they showed that it is too small. */
async function runProbes(
  operator: LinearOperator,
  interval: SpectralInterval,
  outliers: Deflation,
  options: ChebyshevMomentsOptions,
  before: number,
): Promise<{ readonly moments: number[][] | null; readonly steps: number }> {
  const { space, size } = operator
  const { probes, stream } = options
  const block = space.allocate(probes)
  await fillProbes(space, block, probes, { stream, first: 0, outliers })
  const squares: number[] = []
  for (let i = 0; i < probes; i += 1) {
    squares.push((await space.norm(block.subarray(i * size, (i + 1) * size))) ** 2)
  }
  const recurrence = new ChebyshevRecurrence(operator, interval, block, probes, (product, rows) =>
    projectOut(space, product, rows, outliers),
  )
  const moments = squares.map(() => [1])
  const rounding = growthAllowance(space.epsilon)
  for (let step = 1; step <= options.steps; step += 1) {
    throwIfStopped(options.signal)
    const signBefore = recurrence.sign
    await recurrence.step()
    options.onProgress?.(before + probes * step)
    const where = `the operator's product at Chebyshev step ${step}`
    const { current, previous, sign } = recurrence
    const own = await rowProducts(space, current, current, probes, where)
    const mixed = await rowProducts(space, current, previous, probes, where)
    for (const [i, square] of squares.entries()) {
      const row = moments[i]!
      const [length, overlap] = [own[i]! / square, (sign * signBefore * mixed[i]!) / square]
      if (length > 1 + rounding * step) return { moments: null, steps: step }
      // μ₁ itself is the first overlap, ⟨T₁v, T₀v⟩.
      row.push(step === 1 ? overlap : 2 * overlap - row[1]!, 2 * length - 1)
    }
  }
  return { moments, steps: options.steps }
}

/** What rounding may add to ‖Tⱼv‖²/‖v‖² for each step. */
const growthAllowance = (epsilon: number): number => 64 * epsilon

/** The mean of the probes' moments, `[2m + 1]`. */
export const meanMoments = ({ moments }: Pick<ChebyshevMoments, 'moments'>): number[] =>
  moments[0]!.map((_, k) => moments.reduce((sum, row) => sum + row[k]!, 0) / moments.length)
