import { setImmediate } from 'node:timers/promises'
import { NonFiniteError, ShapeError, throwIfStopped } from '#base'
import { implicitQl } from './tridiagonal.ts'

/** Reflections that are applied together. */
const panelSize = 32

/** Sum of squares below which what it says of a row, beside entries near 1, is lost to underflow; the row is 0 to any rounding. */
const negligible = 2 ** -960

/** Rows of a lower triangle, row i with entries 0…i. */
type Triangle = readonly Float64Array[]

/**
 * The lower triangle, scaled by a power of two so that its largest entry is in [½, 1): squares stay in range.
 *
 * @throws NonFiniteError naming the first entry that is not finite.
 */
function scaledTriangle(
  matrix: Float64Array,
  size: number,
): { readonly rows: Triangle; readonly scale: number } {
  let largest = 0
  const rows = Array.from({ length: size }, (_, i) => {
    const row = matrix.slice(i * size, i * size + i + 1)
    for (let k = 0; k <= i; k += 1) {
      const entry = Math.abs(row[k]!)
      if (!Number.isFinite(entry)) throw new NonFiniteError(`entry (${i}, ${k}) of the matrix`)
      if (entry > largest) largest = entry
    }
    return row
  })
  if (largest === 0) return { rows, scale: 1 }
  // Two factors, each a power of two within range whatever the entry.
  const exponent = Math.min(1023, Math.max(-1022, Math.floor(Math.log2(largest)) + 1))
  const [first, second] = [
    2 ** -Math.trunc(exponent / 2),
    2 ** -(exponent - Math.trunc(exponent / 2)),
  ]
  for (const row of rows) for (let k = 0; k < row.length; k += 1) row[k] = row[k]! * first * second
  return { rows, scale: 2 ** exponent }
}

/** y ← A·x for the leading `size` rows of a symmetric matrix, four rows at a time. */
function multiply(a: Triangle, size: number, x: Float64Array, y: Float64Array): void {
  y.fill(0, 0, size)
  let i = 0
  for (; i + 3 < size; i += 4) {
    const [r0, r1, r2, r3] = [a[i]!, a[i + 1]!, a[i + 2]!, a[i + 3]!]
    const [x0, x1, x2, x3] = [x[i]!, x[i + 1]!, x[i + 2]!, x[i + 3]!]
    let [s0, s1, s2, s3] = [0, 0, 0, 0]
    for (let k = 0; k < i; k += 1) {
      // One by one: taken apart from a list they took twice the time.
      const a0 = r0[k]!
      const a1 = r1[k]!
      const a2 = r2[k]!
      const a3 = r3[k]!
      const xk = x[k]!
      s0 += a0 * xk
      s1 += a1 * xk
      s2 += a2 * xk
      s3 += a3 * xk
      y[k]! += a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3)
    }
    y[i]! += s0
    y[i + 1]! += s1
    y[i + 2]! += s2
    y[i + 3]! += s3
    for (let j = i; j < i + 4; j += 1) multiplyRow(a[j]!, j, i, x, y)
  }
  for (; i < size; i += 1) multiplyRow(a[i]!, i, 0, x, y)
}

/** Row j's share of a symmetric product, from column `from` to its diagonal. */
function multiplyRow(
  row: Float64Array,
  j: number,
  from: number,
  x: Float64Array,
  y: Float64Array,
): void {
  const xj = x[j]!
  let sum = row[j]! * xj
  for (let k = from; k < j; k += 1) {
    sum += row[k]! * x[k]!
    y[k]! += row[k]! * xj
  }
  y[j]! += sum
}

const inner = (x: Float64Array, y: Float64Array, size: number): number => {
  let sum = 0
  for (let k = 0; k < size; k += 1) sum += x[k]! * y[k]!
  return sum
}

/** y ← y + c·x. */
const addMultiple = (y: Float64Array, c: number, x: Float64Array, size: number): void => {
  for (let k = 0; k < size; k += 1) y[k]! += c * x[k]!
}

/** row ← row − Σ V[i]·W + W[i]·V over a panel, on its first `size` entries; four reflections at a time. */
function updateRow(
  row: Float64Array,
  i: number,
  size: number,
  V: Triangle,
  W: Triangle,
  count: number,
): void {
  let t = 0
  for (; t + 3 < count; t += 4) {
    const [v0, v1, v2, v3] = [V[t]!, V[t + 1]!, V[t + 2]!, V[t + 3]!]
    const [w0, w1, w2, w3] = [W[t]!, W[t + 1]!, W[t + 2]!, W[t + 3]!]
    const [a0, a1, a2, a3] = [v0[i]!, v1[i]!, v2[i]!, v3[i]!]
    const [b0, b1, b2, b3] = [w0[i]!, w1[i]!, w2[i]!, w3[i]!]
    for (let k = 0; k < size; k += 1) {
      const first = a0 * w0[k]! + b0 * v0[k]! + (a1 * w1[k]! + b1 * v1[k]!)
      const second = a2 * w2[k]! + b2 * v2[k]! + (a3 * w3[k]! + b3 * v3[k]!)
      row[k]! -= first + second
    }
  }
  for (; t < count; t += 1) {
    addMultiple(row, -V[t]![i]!, W[t]!, size)
    addMultiple(row, -W[t]![i]!, V[t]!, size)
  }
}

/**
 * Makes v of the first `size` entries of a row, so that (I − τ·v·vᵀ) leaves of them the last one only.
 *
 * @returns τ and what is left.
 */
function reflector(row: Float64Array, size: number, v: Float64Array): readonly [number, number] {
  const last = row[size - 1]!
  const rest = inner(row, row, size - 1)
  if (rest < negligible) return [0, last]
  const left = last >= 0 ? -Math.sqrt(rest + last * last) : Math.sqrt(rest + last * last)
  const pivot = last - left
  for (let k = 0; k < size - 1; k += 1) v[k] = row[k]! / pivot
  v[size - 1] = 1
  return [-pivot / left, left]
}

/**
 * All eigenvalues of a dense symmetric matrix, ascending, in float64.
 *
 * Householder reflections in panels make it tridiagonal: each of a panel reads the matrix once, and all of them change it
 * in one pass. Then implicit QL.
 *
 * Cost: 4/3·n³ flops, half of them bound by memory (n = 4,000: about half a minute); 4·n² bytes beside the matrix.
 * Deterministic. Errors are of the order of n·ε·‖A‖.
 *
 * @param matrix - `[n, n]`, row-major, not changed; symmetry is trusted, only the lower triangle is read.
 * @param size - n.
 * @returns `[n]`.
 * @throws ShapeError if the matrix has not n² entries.
 * @throws NonFiniteError naming an entry that is not finite.
 * @throws StoppedError between panels, if the signal says so.
 * @see Dongarra, Sorensen and Hammarling, Block reduction of matrices to condensed forms for eigenvalue computations (1989)
 */
export async function symmetricEigenvalues(
  matrix: Float64Array,
  size: number,
  options: {
    readonly signal?: AbortSignal | undefined
    /** Called with the share of the work that is done, in 0…1. */
    readonly onProgress?: ((share: number) => void) | undefined
  } = {},
): Promise<Float64Array> {
  if (matrix.length !== size * size) {
    throw new ShapeError('matrix', `[${size}, ${size}]`, [matrix.length])
  }
  const { rows, scale } = scaledTriangle(matrix, size)
  const diagonal = new Array<number>(size).fill(0)
  const offDiagonal = new Array<number>(size).fill(0)
  const panel = (): Float64Array[] =>
    Array.from({ length: panelSize }, () => new Float64Array(size))
  const [V, W] = [panel(), panel()]
  for (let top = size; top > 0; top -= panelSize) {
    throwIfStopped(options.signal)
    const count = Math.min(panelSize, top)
    for (let t = 0; t < count; t += 1) {
      const i = top - 1 - t
      const row = rows[i]!
      updateRow(row, i, i + 1, V, W, t)
      diagonal[i] = row[i]!
      if (i === 0) break
      const [v, w] = [V[t]!, W[t]!]
      const [tau, left] = reflector(row, i, v)
      offDiagonal[i - 1] = left
      if (tau === 0) {
        v.fill(0, 0, i)
        w.fill(0, 0, i)
        continue
      }
      // w = τ(A − V·Wᵀ − W·Vᵀ)v, less its half along v: then A − v·wᵀ − w·vᵀ is the reflected matrix.
      multiply(rows, i, v, w)
      for (let s = 0; s < t; s += 1) {
        const [alongW, alongV] = [inner(W[s]!, v, i), inner(V[s]!, v, i)]
        addMultiple(w, -alongW, V[s]!, i)
        addMultiple(w, -alongV, W[s]!, i)
      }
      for (let k = 0; k < i; k += 1) w[k]! *= tau
      addMultiple(w, (-tau / 2) * inner(w, v, i), v, i)
    }
    for (let i = 0; i < top - count; i += 1) updateRow(rows[i]!, i, i + 1, V, W, count)
    options.onProgress?.(1 - ((top - count) / size) ** 3)
    await setImmediate()
  }
  implicitQl(diagonal, offDiagonal, new Array<number>(size).fill(0))
  return Float64Array.from(diagonal, (value) => scale * value).sort()
}
