import { InputError, NonFiniteError, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { fillProbes, type Deflation } from './deflation.ts'
import { extremeEigenpairs } from '../eigenpairs/eigenpairs.ts'
import type { Eigenpair } from '../krylov/measure-pairs.ts'

/** Settings of {@link findOutliers}. */
export interface OutliersOptions {
  /** Largest eigenvalues to look for; default 10. */
  readonly top?: number
  /** Smallest eigenvalues to look for; default 3. */
  readonly bottom?: number
  /** Residual up to which a pair counts as converged, as a share of its |λ|; default 10⁻³. */
  readonly tolerance?: number
  /** Budget of applications: what has converged by then is kept; default 120. */
  readonly maxProducts?: number
  readonly stream: RandomStream
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** Eigenpairs worth taking out of a density before its probes. */
export interface OutliersResult extends Deflation {
  readonly residuals: readonly number[]
  /** The same values with their residuals. */
  readonly pairs: readonly Eigenpair[]
  /** Root mean square of the other eigenvalues, from two probes. */
  readonly bulkScale: number
  readonly products: number
}

/** Probes of the bulk's scale: its square comes out with a relative error of about √(⟨λ⁴⟩/⟨λ²⟩²/n). */
const bulkProbes = 2

/** What is looked for where nothing else is said. */
const [defaultTop, defaultBottom] = [10, 3]

/** Least budget of a search for `wanted` outliers. */
export const outlierProducts = (wanted = defaultTop + defaultBottom): number =>
  2 * wanted + bulkProbes

/** Root mean squares of the rest at which its edge lies, if it is a semicircle. */
const edge = 2

/**
 * Finds the converged eigenpairs that stand off the bulk, to be given to `estimateDensity`.
 *
 * A short search at both ends of the spectrum; what has converged within its budget and is larger than twice the root mean
 * square of all other eigenvalues, the edge of a semicircle of that size, is an outlier. Taking out more would do no harm,
 * but each costs memory and nothing is gained: inside a bulk probes err no more on one eigenvalue than on the next.
 *
 * Cost: `maxProducts` applications at most; on a trained network the default needs about 70. Deterministic for a given
 * stream.
 *
 * @throws InputError if nothing is looked for or the budget is too small to say anything.
 * @throws NonFiniteError if a product is not finite.
 */
export async function findOutliers(
  operator: LinearOperator,
  options: OutliersOptions,
): Promise<OutliersResult> {
  const { size, space } = operator
  const {
    top = defaultTop,
    bottom = defaultBottom,
    tolerance = 1e-3,
    maxProducts = 120,
    stream,
  } = options
  const least = outlierProducts(top + bottom)
  if (maxProducts < least) {
    throw new InputError(
      'maxProducts',
      `maxProducts must be ${least} or more for ${top + bottom} outliers, got ${maxProducts}`,
    )
  }
  // One eigenvalue at least must be left for the probes.
  if (size === 1) {
    const none = { values: [], vectors: space.allocate(0) }
    const bulkScale = await measureBulk(operator, none, stream.fork('bulk'))
    return { ...none, residuals: [], pairs: [], bulkScale, products: bulkProbes }
  }
  const found = await extremeEigenpairs(operator, {
    top: Math.min(top, size - 1),
    bottom: Math.min(bottom, size - 1 - Math.min(top, size - 1)),
    tolerance,
    maxProducts: maxProducts - bulkProbes,
    blockSize: 1,
    stream: stream.fork('search'),
    signal: options.signal,
    onProgress: options.onProgress,
  })
  const pairs = [...found.top, ...found.bottom]
  const converged = pairs.flatMap((pair, row) =>
    pair.residual <= tolerance * Math.abs(pair.value) ? [{ pair, row }] : [],
  )
  const take = (chosen: readonly { pair: Eigenpair; row: number }[]): Deflation => {
    const vectors = space.allocate(chosen.length)
    chosen.forEach(({ row }, i) => {
      vectors.set(found.vectors.subarray(row * size, (row + 1) * size), i * size)
    })
    return { values: chosen.map(({ pair }) => pair.value), vectors }
  }
  const bulkScale = await measureBulk(operator, take(converged), stream.fork('bulk'))
  options.onProgress?.(found.products + bulkProbes)
  const kept = converged.filter(({ pair }) => Math.abs(pair.value) > edge * bulkScale)
  return {
    ...take(kept),
    residuals: kept.map(({ pair }) => pair.residual),
    pairs: kept.map(({ pair }) => pair),
    bulkScale,
    products: found.products + bulkProbes,
  }
}

/** √(tr A²/n) in the complement of the outliers. */
async function measureBulk(
  operator: LinearOperator,
  outliers: Deflation,
  stream: RandomStream,
): Promise<number> {
  const { size, space } = operator
  const block = space.allocate(bulkProbes)
  const product = space.allocate(bulkProbes)
  await fillProbes(space, block, bulkProbes, { stream, first: 0, outliers })
  await operator.apply(block, bulkProbes, product)
  let square = 0
  for (let i = 0; i < bulkProbes; i += 1) {
    const row = (buffer: Vector): Vector => buffer.subarray(i * size, (i + 1) * size)
    square += ((await space.norm(row(product))) / (await space.norm(row(block)))) ** 2
  }
  if (!Number.isFinite(square)) throw new NonFiniteError('a product with a probe of the bulk')
  return Math.sqrt(square / bulkProbes)
}
