import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { InputError, NonFiniteError, ShapeError } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'
import { betaQuantile, betaTail } from '#shared/statistics'
import { orthogonalizeBlock } from './krylov/orthogonalize-block.ts'

/** Cosine from which an angle is read from its sine. */
const cosineLimit = Math.SQRT1_2

/** How two subspaces lie to each other. */
export interface SubspaceAngles {
  /** Cosines of the principal angles, descending, min(k, l). */
  readonly cosines: readonly number[]
  /** The angles in radians, ascending; small ones by their sines. */
  readonly angles: readonly number[]
}

/** How much of a subspace lies in another, beside what chance gives. */
export interface SubspaceOverlap {
  /** Mean squared cosine ‖UVᵀ‖_F²/min(k, l), 0 to 1. */
  readonly value: number
  /** Its mean for independent random subspaces, max(k, l)/n. */
  readonly chance: number
}

const rowsOf = (flat: Float64Array, rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from(flat.subarray(i * columns, (i + 1) * columns)))

function requireRows(space: VectorSpace, name: string, block: Vector, rows: number): void {
  if (rows < 1) throw new InputError(name, `${name} must have 1 row or more, got ${rows}`)
  if (block.length < rows * space.size) {
    throw new ShapeError(name, `[${rows}, ${space.size}]`, [block.length])
  }
}

/**
 * Principal angles between the spans of two sets of orthonormal rows.
 *
 * The cosines are the singular values of UVᵀ. Near 1 a cosine says nothing of its angle (1 − 10⁻¹⁶ is 10⁻⁸ rad), so angles below 45°
 * are read from the sines, the singular values of V − (VUᵀ)U for the smaller set V.
 *
 * Cost: a few passes over the rows and one block `[min(k, l), n]` held. Deterministic on one runtime build.
 *
 * @param u - `[k, n]`, orthonormal rows; trusted.
 * @param v - `[l, n]`, likewise.
 * @throws ShapeError or InputError if a block holds too little.
 * @throws NonFiniteError if an inner product is not finite.
 * @see Björck and Golub, Numerical methods for computing angles between linear subspaces (1973)
 */
export async function principalAngles(
  space: VectorSpace,
  u: Vector,
  v: Vector,
  k: number,
  l: number,
): Promise<SubspaceAngles> {
  requireRows(space, 'u', u, k)
  requireRows(space, 'v', v, l)
  if (l > k) return principalAngles(space, v, u, l, k)
  const { size } = space
  const [large, small] = [u.subarray(0, k * size), v.subarray(0, l * size)]
  const inner = await space.innerProducts(small, l, large, k)
  if (inner.some((value) => !Number.isFinite(value))) {
    throw new NonFiniteError('the inner products of two subspaces')
  }
  const cosines = singularValues(rowsOf(inner, l, k)).map((value) => Math.min(1, value))
  const rest = small.slice()
  await space.addCombination(
    rest,
    l,
    inner.map((value) => -value),
    large,
    k,
  )
  const { rank, factor } = await orthogonalizeBlock(space, rest, l)
  const sines = rank === 0 ? [] : singularValues(rowsOf(factor, l, rank))
  // As many as cosines, ascending as the angles are.
  while (sines.length < l) sines.push(0)
  sines.reverse()
  return {
    cosines,
    angles: cosines.map((cosine, i) =>
      cosine > cosineLimit ? Math.asin(Math.min(1, sines[i]!)) : Math.acos(cosine),
    ),
  }
}

/** Singular values, descending. */
const singularValues = (rows: number[][]): number[] =>
  new SingularValueDecomposition(new Matrix(rows), { autoTranspose: true }).diagonal

/**
 * Mean squared cosine of the principal angles: the share of the smaller subspace that lies in the larger.
 *
 * @param u - `[k, n]`, orthonormal rows; trusted.
 * @param v - `[l, n]`, likewise.
 * @throws ShapeError, InputError and NonFiniteError as {@link principalAngles}.
 */
export async function subspaceOverlap(
  space: VectorSpace,
  u: Vector,
  v: Vector,
  k: number,
  l: number,
): Promise<SubspaceOverlap> {
  requireRows(space, 'u', u, k)
  requireRows(space, 'v', v, l)
  const { size } = space
  const inner = await space.innerProducts(u.subarray(0, k * size), k, v.subarray(0, l * size), l)
  const square = inner.reduce((sum, value) => sum + value ** 2, 0)
  if (!Number.isFinite(square)) throw new NonFiniteError('the inner products of two subspaces')
  return { value: Math.min(1, square / Math.min(k, l)), chance: Math.max(k, l) / size }
}

/** What a random direction has in a subspace. */
export interface ChanceShare {
  /** Mean k/n of its share. */
  readonly chance: number
  /** The 95 % quantile of it. */
  readonly chanceQuantile: number
}

/** The share of a random direction in a subspace of dimension k of R^n, which follows Beta(k/2, (n − k)/2); 0 < k < n. */
export const chanceShare = (size: number, k: number): ChanceShare => ({
  chance: k / size,
  chanceQuantile: betaQuantile(0.95, k / 2, (size - k) / 2),
})

/** A gradient's share in a subspace, beside what a random direction would have. */
export interface GradientShare extends ChanceShare {
  /** ‖Ug‖²/‖g‖²; null for a gradient of 0. */
  readonly share: number | null
  /** Probability that a random direction has as large a share; null with the share. */
  readonly pValue: number | null
}

/**
 * The share of a gradient's square that lies in the span of orthonormal rows, against the null of a random direction, for which
 * it follows a beta law, Beta(k/2, (n − k)/2).
 *
 * Cost: one pass over the rows.
 *
 * @param gradient - `[n]`, of any length.
 * @param u - `[k, n]`, orthonormal rows; trusted. k < n.
 * @throws ShapeError or InputError if the arguments do not fit.
 * @throws NonFiniteError if the gradient is not finite.
 * @see Gur-Ari, Roberts and Dyer, Gradient descent happens in a tiny subspace (2018)
 */
export async function gradientShare(
  space: VectorSpace,
  gradient: Vector,
  u: Vector,
  k: number,
): Promise<GradientShare> {
  const { size } = space
  if (gradient.length !== size) throw new ShapeError('gradient', `[${size}]`, [gradient.length])
  requireRows(space, 'u', u, k)
  if (k >= size) throw new InputError('u', `u must have fewer than ${size} rows, got ${k}`)
  const norm = await space.norm(gradient)
  if (!Number.isFinite(norm)) throw new NonFiniteError('the gradient')
  const chance = chanceShare(size, k)
  if (norm === 0) return { share: null, ...chance, pValue: null }
  // Of unit length first: squares of a small gradient would leave float32.
  const unit = space.allocate(1)
  await space.setCombination(unit, 1, Float64Array.of(1 / norm), gradient, 1)
  const parts = await space.innerProducts(unit, 1, u.subarray(0, k * size), k)
  const share = Math.min(
    1,
    parts.reduce((sum, part) => sum + part ** 2, 0),
  )
  return { share, ...chance, pValue: betaTail(share, k / 2, (size - k) / 2) }
}

/** How many leading eigenvalues stand off the others. */
export interface OutlierCount {
  /** Values before the largest relative gap; null where no gap is clear. */
  readonly count: number | null
  /** The largest λⱼ/λⱼ₊₁; null with fewer than two positive values. */
  readonly gapRatio: number | null
}

/** Ratio of neighbors below which the subspace of the values before a gap is arbitrary. */
const clearGap = 1.2

/**
 * Counts outliers by the largest relative gap: the j with the largest λⱼ/λⱼ₊₁.
 *
 * The count is null if that ratio is below 1.2: then no gap says where the outliers end. It can be no larger than the number of values less
 * one, so more values than outliers expected must be given.
 *
 * @param topValues - Descending; what follows the first value that is not positive is left out.
 * @param bounds - Least and largest count considered. @default 1 and all
 * @throws InputError if the values are not descending or the bounds not in order.
 */
export function countOutliers(
  topValues: readonly number[],
  bounds: { readonly least?: number; readonly most?: number } = {},
): OutlierCount {
  const { least = 1, most = Infinity } = bounds
  if (!(least >= 1 && most >= least)) {
    throw new InputError(
      'bounds',
      `bounds must be 1 or more and in order, got ${least} and ${most}`,
    )
  }
  if (topValues.some((value, i) => i > 0 && !(value <= topValues[i - 1]!))) {
    throw new InputError('topValues', 'topValues must be descending')
  }
  const end = topValues.findIndex((value) => value <= 0)
  const positive = end < 0 ? topValues : topValues.slice(0, end)
  let [count, gapRatio] = [0, 0]
  for (let j = least; j < positive.length && j <= most; j += 1) {
    const ratio = positive[j - 1]! / positive[j]!
    if (ratio > gapRatio) [count, gapRatio] = [j, ratio]
  }
  if (count === 0) return { count: null, gapRatio: null }
  return { count: gapRatio >= clearGap ? count : null, gapRatio }
}
