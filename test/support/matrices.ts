import { createStream } from '#base'

/** Random orthonormal rows `[n, n]` by Gram–Schmidt, twice. */
export function randomRotation(n: number, seed: number): Float64Array[] {
  const stream = createStream(seed, 'rotation')
  const rows: Float64Array[] = []
  while (rows.length < n) {
    const v = Float64Array.from({ length: n }, () => stream.nextNormal())
    for (const q of [...rows, ...rows]) {
      const overlap = v.reduce((sum, x, i) => sum + x * q[i]!, 0)
      q.forEach((x, i) => (v[i]! -= overlap * x))
    }
    const norm = Math.hypot(...v)
    rows.push(v.map((x) => x / norm))
  }
  return rows
}

/** A symmetric matrix `[n, n]`, flat, with the eigenvalues given, in a random basis. */
export function symmetricWithSpectrum(values: readonly number[], seed: number): Float64Array {
  const n = values.length
  const rotation = randomRotation(n, seed)
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = 0
      values.forEach((value, k) => (sum += value * rotation[k]![i]! * rotation[k]![j]!))
      matrix[i * n + j] = sum
      matrix[j * n + i] = sum
    }
  }
  return matrix
}

/** first, first + step, …, `count` numbers. */
export const arithmetic = (first: number, step: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i * step)
