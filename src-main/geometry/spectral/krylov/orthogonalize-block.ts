import { NonFiniteError, ShapeError } from '#base'
import type { RowStore, Vector, VectorSpace } from '#geometry/operators'
import { eigenSymmetric } from './tridiagonal.ts'

/** Passes at most; two are enough unless rows are nearly dependent. */
const passLimit = 5

/** Loss of orthogonality, in ε, at which nothing is left to gain. */
const settledUnits = 16

/** Length, in ε of the row's own, below which what is left of a direction is rounding. */
const dependentUnits = 16

/** Power of two beyond which squares of a row's entries may leave the range of float32. */
const farExponent = 32

/** And the largest one that a row can be multiplied by in float32. */
const largestExponent = 120

/** A block made orthonormal: W = C·Q + R·V. */
export interface OrthogonalizedBlock {
  /** Rows of V; less than those of W where they depended on each other or on the basis. */
  readonly rank: number
  /** C, `[rows, count]`. */
  readonly coefficients: Float64Array
  /** R, `[rows, rank]`. */
  readonly factor: Float64Array
  /** Largest entry of |V·Vᵀ − I| and |V·Qᵀ|. */
  readonly orthogonalityLoss: number
}

/** A small dense matrix, row by row. */
type Rows = readonly Float64Array[]

const rowsOf = (flat: Float64Array, rows: number): Float64Array[] => {
  const width = rows === 0 ? 0 : flat.length / rows
  return Array.from({ length: rows }, (_, i) => flat.subarray(i * width, (i + 1) * width))
}
const flatten = (rows: Rows): Float64Array => Float64Array.from(rows.flatMap((row) => [...row]))

/** A·B. */
const multiply = (a: Rows, b: Rows, columns: number): Float64Array[] =>
  a.map((row) =>
    Float64Array.from({ length: columns }, (_, j) =>
      row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0),
    ),
  )

/** What makes rows of one Gram matrix orthonormal: V = S·W and W ≈ S⁻¹·V. */
interface Change {
  /** S, `[kept, rows]`. */
  readonly transform: Rows
  /** S⁻¹, `[rows, kept]`. */
  readonly inverse: Rows
}

/**
 * S = Λ^(−½)·Uᵀ·D⁻¹ for a Gram matrix D·UΛUᵀ·D with unit diagonal inside. Eigenvalues at the level of rounding are raised
 * to it: their directions come out short, and the next pass, which sees them alone, tells how long they are.
 */
function whiten(gram: Rows, kept: readonly number[], epsilon: number): Change {
  const lengths = kept.map((i) => Math.sqrt(gram[i]![i]!))
  const { values, vectors } = eigenSymmetric(
    kept.map((i, a) => kept.map((j, b) => gram[i]![j]! / (lengths[a]! * lengths[b]!))),
  )
  const floor = epsilon * Math.max(...values)
  const roots = [...values].map((value) => Math.sqrt(Math.max(value, floor)))
  const place = new Map(kept.map((index, a) => [index, a]))
  return {
    transform: vectors.map((vector, k) =>
      Float64Array.from(gram, (_, i) => {
        const a = place.get(i)
        return a === undefined ? 0 : vector[a]! / (roots[k]! * lengths[a]!)
      }),
    ),
    inverse: gram.map((_, i) => {
      const a = place.get(i)
      return Float64Array.from(vectors, (vector, k) =>
        a === undefined ? 0 : vector[a]! * roots[k]! * lengths[a]!,
      )
    }),
  }
}

/** Divides rows whose squares may leave float32's range by a power of two, in place; gives it, 1 for the others. */
async function bringIntoRange(
  space: VectorSpace,
  block: Vector,
  lengths: readonly number[],
): Promise<number[]> {
  const { size } = space
  const scales: number[] = []
  for (const [i, length] of lengths.entries()) {
    const exponent = length === 0 ? 0 : Math.round(Math.log2(length))
    const isFar = Math.abs(exponent) > farExponent
    const bounded = Math.min(largestExponent, Math.max(-largestExponent, exponent))
    scales.push(isFar ? 2 ** bounded : 1)
    if (!isFar) continue
    const row = block.subarray(i * size, (i + 1) * size)
    await space.setCombination(row, 1, Float64Array.of(2 ** -bounded), row.slice(), 1)
  }
  return scales
}

/**
 * Makes the rows of a block orthonormal, to the first `count` rows of a basis and to each other, in place.
 *
 * Block Gram–Schmidt against the basis, then the block's own Gram matrix is diagonalized, and both are repeated until
 * the loss measured is rounding: twice, and once or twice more where rows are nearly dependent. V spans what the rows add
 * to the basis; it holds them in another order and combination. Rows that add only rounding are dropped.
 *
 * Cost: a pass reads the basis twice, whatever the rows. Deterministic on one runtime build.
 *
 * @param block - W, `[rows, n]`; on return its first `rank` rows are V, the others undefined.
 * @param basis - Q with orthonormal rows, of the same space; left out: none.
 * @throws ShapeError if `block` does not hold `rows` vectors.
 * @throws NonFiniteError if W is not finite.
 * @see Stathopoulos and Wu, A block orthogonalization procedure with constant synchronization requirements (2002)
 */
export async function orthogonalizeBlock(
  space: VectorSpace,
  block: Vector,
  rows: number,
  basis?: { readonly store: RowStore; readonly count: number },
  where: (row: number) => string = () => 'the block',
): Promise<OrthogonalizedBlock> {
  const { size, epsilon } = space
  if (block.length !== rows * size)
    throw new ShapeError('block', `[${rows}, ${size}]`, [block.length])
  const count = basis?.count ?? 0
  const coefficients = Array.from({ length: rows }, () => new Float64Array(count))
  const original: number[] = []
  for (let i = 0; i < rows; i += 1) {
    original.push(await space.norm(block.subarray(i * size, (i + 1) * size)))
  }
  const broken = original.findIndex((length) => !Number.isFinite(length))
  if (broken >= 0) throw new NonFiniteError(where(broken))
  const scales = await bringIntoRange(space, block, original)
  let factor: Rows = scales.map((scale, i) =>
    Float64Array.from(original, (_length, j) => (i === j ? scale : 0)),
  )
  let rank = rows
  let loss = 0
  for (let pass = 0; ; pass += 1) {
    const active = block.subarray(0, rank * size)
    const parts = rowsOf(
      basis === undefined
        ? new Float64Array(0)
        : await basis.store.innerProducts(active, rank, count),
      rank,
    )
    const isLast = pass === passLimit
    if (!isLast && basis !== undefined && count > 0) {
      await basis.store.addTo(
        active,
        rank,
        flatten(parts).map((part) => -part),
        count,
      )
      const removed = multiply(factor, parts, count)
      coefficients.forEach((row, i) => row.forEach((_, j) => (row[j]! += removed[i]![j]!)))
    }
    const gram = rowsOf(await space.innerProducts(active, rank, active, rank), rank)
    loss = Math.max(0, ...parts.flatMap((row) => [...row].map(Math.abs)))
    gram.forEach((row, i) =>
      row.forEach((value, j) => (loss = Math.max(loss, Math.abs(value - (i === j ? 1 : 0))))),
    )
    if (isLast || rank === 0 || loss <= settledUnits * epsilon) break

    const current = factor
    const kept = Array.from({ length: rank }, (_, j) => j).filter((j) => {
      const share = Math.max(
        ...current.map((row, i) => (original[i] === 0 ? 0 : Math.abs(row[j]!) / original[i]!)),
      )
      return share * Math.sqrt(gram[j]![j]!) > dependentUnits * epsilon
    })
    if (kept.length === 0) {
      rank = 0
      factor = factor.map(() => new Float64Array(0))
      loss = 0
      break
    }
    const { transform, inverse } = whiten(gram, kept, epsilon)
    const combined = space.allocate(kept.length)
    await space.setCombination(combined, kept.length, flatten(transform), active, rank)
    block.set(combined)
    factor = multiply(factor, inverse, kept.length)
    rank = kept.length
  }
  return {
    rank,
    coefficients: flatten(coefficients),
    factor: flatten(factor),
    orthogonalityLoss: loss,
  }
}
