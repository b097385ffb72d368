import { NonFiniteError, throwIfStopped } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import type { Eigenpair } from '../krylov/measure-pairs.ts'
import { eigenSymmetric } from '../krylov/tridiagonal.ts'

/** Vectors with what Rayleigh–Ritz on A says of them. */
export interface Candidates {
  /** Unit rows `[width, n]`. */
  readonly vectors: Vector
  /** Values with true residuals, ascending. */
  readonly pairs: readonly Eigenpair[]
  /** Rayleigh quotients under the filter. */
  readonly weights: readonly number[]
}

/**
 * Rayleigh–Ritz with A on the span of orthonormal vectors, with true residuals.
 *
 * Cost: `width` applications in blocks of `operator.preferredRows` rows; three blocks of `width` rows, the vectors included.
 *
 * @param start - `[width, n]`, eigenvectors of the projected filter; overwritten.
 * @param weights - Their eigenvalues.
 * @throws NonFiniteError naming the products, counted on from `before`, among which one is not finite.
 */
export async function resolveCandidates(
  operator: LinearOperator,
  start: Vector,
  weights: ArrayLike<number>,
  options: { readonly before: number; readonly signal?: AbortSignal | undefined },
): Promise<Candidates> {
  const { size, space, preferredRows } = operator
  const width = start.length / size
  const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
  const products = space.allocate(width)
  for (let first = 0; first < width; first += preferredRows) {
    throwIfStopped(options.signal)
    const rows = Math.min(preferredRows, width - first)
    const [from, to] = [first * size, (first + rows) * size]
    await operator.apply(start.subarray(from, to), rows, products.subarray(from, to))
  }
  const inner = await space.innerProducts(start, width, products, width)
  if (inner.some((value) => !Number.isFinite(value))) {
    throw new NonFiniteError(
      `the operator's products ${options.before + 1} to ${options.before + width}`,
    )
  }
  const { values, vectors: rotation } = eigenSymmetric(
    Array.from({ length: width }, (_, i) =>
      Float64Array.from(
        { length: width },
        (_value, j) => (inner[i * width + j]! + inner[j * width + i]!) / 2,
      ),
    ),
  )
  const turn = Float64Array.from(rotation.flatMap((vector) => [...vector]))
  const vectors = space.allocate(width)
  await space.setCombination(vectors, width, turn, start, width)
  const residuals = start
  await space.setCombination(residuals, width, turn, products, width)
  const pairs: Eigenpair[] = []
  for (let i = 0; i < width; i += 1) {
    const value = values[i]!
    await space.addCombination(row(residuals, i), 1, Float64Array.of(-value), row(vectors, i), 1)
    pairs.push({ value, residual: await space.norm(row(residuals, i)) })
  }
  return {
    vectors,
    pairs,
    weights: rotation.map((vector) =>
      vector.reduce((sum, part, i) => sum + part * part * weights[i]!, 0),
    ),
  }
}

/** What a look at candidates tells. */
export interface Choice {
  /** The candidates to report, by their distance to the target. */
  readonly indices: readonly number[]
  /** How many of them are within the limit. */
  readonly settled: number
  /** Largest distance to the target among them. */
  readonly distance: number
  /** Candidates within the limit that are no farther than `distance` + `limit`. */
  readonly within: number
}

/**
 * Chooses the `count` candidates to report: the nearest of those with residuals within the limit, then those of most weight.
 *
 * A mixture of eigenvectors from both sides of the target may have a value next to it; its weight under the filter, not that value,
 * tells how near its parts are.
 */
export function chooseNearest(
  { pairs, weights }: Candidates,
  options: { readonly target: number; readonly count: number; readonly limit: number },
): Choice {
  const { target, count, limit } = options
  const distanceOf = (i: number): number => Math.abs(pairs[i]!.value - target)
  const all = pairs.map((_, i) => i)
  const settled = all
    .filter((i) => pairs[i]!.residual <= limit)
    .sort((a, b) => distanceOf(a) - distanceOf(b))
  const others = all
    .filter((i) => !(pairs[i]!.residual <= limit))
    .sort((a, b) => weights[b]! - weights[a]!)
  const indices = [...settled, ...others]
    .slice(0, count)
    .sort((a, b) => distanceOf(a) - distanceOf(b))
  const distance = distanceOf(indices.at(-1)!)
  return {
    indices,
    settled: Math.min(count, settled.length),
    distance,
    within: settled.filter((i) => distanceOf(i) <= distance + limit).length,
  }
}
