import { implicitQl } from './tridiagonal.ts'

/** What a look at a projected matrix needs: where the Ritz values are, and how far they have settled. */
export interface RitzTails {
  /** Eigenvalues, ascending. */
  readonly values: Float64Array
  /**
   * `[width, k]`: the last `width` entries of each unit eigenvector, one row an entry; up to a sign each vector has
   * in all its entries.
   */
  readonly tails: readonly Float64Array[]
}

/** A symmetric tridiagonal matrix; `offDiagonal[i]` is at (i + 1, i). */
interface Tridiagonal {
  readonly diagonal: readonly number[]
  readonly offDiagonal: readonly number[]
}

/** Lower triangle of a leading block as it was, and what it was reduced to. */
interface Reduction {
  readonly triangle: readonly Float64Array[]
  readonly form: Tridiagonal
}

/** The last reduction of a matrix: a recurrence looks at its own, grown by a step, again and again. */
const reductions = new WeakMap<readonly ArrayLike<number>[], Reduction>()

/**
 * Eigenvalues of a small symmetric matrix with the last entries of its eigenvectors, in float64.
 *
 * Householder reflections that leave the last unit vector alone make it tridiagonal. The rows of their product that
 * belong to the last entries are carried along, for `width` 1 that unit vector itself; no other entry is. Rows at the end
 * that are those of a tridiagonal matrix need no reflection, and what became of the block before them is remembered as
 * long as the list of rows is: then only the block's entries are compared.
 *
 * Cost: 4/3·m³ flops for the m rows before those, at the first look, and about 30·k² for each entry; for all of k about a
 * fifth of the full decomposition.
 *
 * @param rows - `[k, k]`; symmetry is trusted, only the lower triangle is read.
 * @param width - 1…k.
 * @see Martin, Reinsch and Wilkinson, Householder's tridiagonalization of a symmetric matrix (1968)
 */
export function ritzTails(rows: readonly ArrayLike<number>[], width = 1): RitzTails {
  const size = rows.length
  const carried = Array.from({ length: width }, (_, at) => {
    const unit = new Array<number>(size).fill(0)
    unit[size - width + at] = 1
    return unit
  })
  const leading = leadingSize(rows)
  // Reflections of the block leave its last unit vector and all after it alone.
  const isCarriedAlone = size - width >= leading - 1
  const { diagonal, offDiagonal } = isCarriedAlone
    ? remembered(rows, leading)
    : reduced(triangleOf(rows, leading), carried)
  const wholeDiagonal = rows.map((row, i) => diagonal[i] ?? row[i]!)
  const wholeOffDiagonal = rows.map((_, i) =>
    i + 1 === size ? 0 : (offDiagonal[i] ?? rows[i + 1]![i]!),
  )
  let values = wholeDiagonal
  for (const row of carried) {
    // The same rotations every time: a few k² beside the k³ of the reflections.
    values = [...wholeDiagonal]
    implicitQl(values, [...wholeOffDiagonal], row)
  }
  const order = values.map((_, i) => i).sort((x, y) => values[x]! - values[y]!)
  return {
    values: Float64Array.from(order, (i) => values[i]!),
    tails: carried.map((row) => Float64Array.from(order, (i) => row[i]!)),
  }
}

/** Rows before those at the end that a tridiagonal matrix may have. */
function leadingSize(rows: readonly ArrayLike<number>[]): number {
  for (let i = rows.length - 1; i > 1; i -= 1) {
    const row = rows[i]!
    for (let k = 0; k < i - 1; k += 1) if (row[k] !== 0) return i + 1
  }
  return Math.min(rows.length, 1)
}

const triangleOf = (rows: readonly ArrayLike<number>[], size: number): Float64Array[] =>
  Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: i + 1 }, (_entry, k) => rows[i]![k]!),
  )

/** The leading block's tridiagonal form, taken over from the last look if the block is still the same. */
function remembered(rows: readonly ArrayLike<number>[], size: number): Tridiagonal {
  const known = reductions.get(rows)
  if (known?.triangle.length === size && isBlock(known.triangle, rows)) {
    return known.form
  }
  const form = reduced(triangleOf(rows, size), [])
  reductions.set(rows, { triangle: triangleOf(rows, size), form })
  return form
}

function isBlock(triangle: readonly Float64Array[], rows: readonly ArrayLike<number>[]): boolean {
  return triangle.every((row, i) => {
    const other = rows[i]!
    for (let k = 0; k <= i; k += 1) if (row[k] !== other[k]) return false
    return true
  })
}

/** Makes a lower triangle tridiagonal, in place; the rows carried are multiplied by the reflections. */
function reduced(a: readonly Float64Array[], carried: readonly number[][]): Tridiagonal {
  const size = a.length
  const offDiagonal = new Array<number>(Math.max(0, size - 1)).fill(0)
  const p = new Float64Array(size)
  for (let i = size - 1; i > 0; i -= 1) offDiagonal[i - 1] = reflect(a, i, p, carried)
  return { diagonal: a.map((row, i) => row[i]!), offDiagonal }
}

/**
 * Reflects rows and columns 0…i − 1 of the lower triangle so that row i keeps its last entry only, which
 * is returned; the rows carried are multiplied by the reflection.
 */
function reflect(
  a: readonly Float64Array[],
  i: number,
  p: Float64Array,
  carried: readonly number[][],
): number {
  const x = a[i]!
  const last = i - 1
  let scale = 0
  for (let k = 0; k < last; k += 1) scale += Math.abs(x[k]!)
  if (scale === 0) return x[last]!
  scale += Math.abs(x[last]!)
  let square = 0
  for (let k = 0; k <= last; k += 1) {
    x[k]! /= scale
    square += x[k]! ** 2
  }
  const pivot = x[last]!
  const g = pivot >= 0 ? -Math.sqrt(square) : Math.sqrt(square)
  const h = square - pivot * g
  x[last] = pivot - g

  // p = Ax/h − x·(xᵀAx)/(2h²), then A ← A − x·pᵀ − p·xᵀ
  p.fill(0, 0, i)
  for (let j = 0; j <= last; j += 1) {
    const row = a[j]!
    const xj = x[j]!
    let sum = row[j]! * xj
    for (let k = 0; k < j; k += 1) {
      sum += row[k]! * x[k]!
      p[k]! += row[k]! * xj
    }
    p[j]! += sum
  }
  let form = 0
  for (let j = 0; j <= last; j += 1) {
    p[j]! /= h
    form += p[j]! * x[j]!
  }
  const share = form / (2 * h)
  for (let j = 0; j <= last; j += 1) p[j]! -= share * x[j]!
  for (let j = 0; j <= last; j += 1) {
    const row = a[j]!
    const [xj, pj] = [x[j]!, p[j]!]
    for (let k = 0; k <= j; k += 1) row[k]! -= xj * p[k]! + pj * x[k]!
  }
  for (const row of carried) {
    let part = 0
    for (let k = 0; k <= last; k += 1) part += row[k]! * x[k]!
    part /= h
    if (part !== 0) for (let k = 0; k <= last; k += 1) row[k]! -= part * x[k]!
  }
  return scale * g
}
