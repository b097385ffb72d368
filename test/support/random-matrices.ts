import { createStream } from '#base'

/** Independent entries `[rows, columns]`, standard normal unless drawn otherwise. */
export function randomRows(
  rows: number,
  columns: number,
  seed: number,
  draw: (stream: ReturnType<typeof createStream>) => number = (stream) => stream.nextNormal(),
): Float64Array[] {
  const stream = createStream(seed, 'random-rows')
  return Array.from({ length: rows }, () =>
    Float64Array.from({ length: columns }, () => draw(stream)),
  )
}

/** XXᵀ/divisor `[p, p]`, flat, of rows X `[p, n]`. */
export function gramOf(rows: readonly Float64Array[], divisor: number): Float64Array {
  const p = rows.length
  const gram = new Float64Array(p * p)
  for (let i = 0; i < p; i += 1) {
    const a = rows[i]!
    for (let j = 0; j <= i; j += 1) {
      const b = rows[j]!
      let sum = 0
      for (let k = 0; k < a.length; k += 1) sum += a[k]! * b[k]!
      gram[i * p + j] = sum / divisor
      gram[j * p + i] = sum / divisor
    }
  }
  return gram
}

/** A GOE matrix `[n, n]`, flat, with E Hᵢⱼ² = 1/n off the diagonal: its semicircle has radius 2. */
export function goeMatrix(n: number, seed: number): Float64Array {
  const stream = createStream(seed, 'goe-matrix')
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const value = stream.nextNormal() * Math.sqrt((i === j ? 2 : 1) / n)
      matrix[i * n + j] = value
      matrix[j * n + i] = value
    }
  }
  return matrix
}

/** Rows of a flat square matrix, as views. */
export function rowsOf(matrix: Float64Array): Float64Array[] {
  const n = Math.sqrt(matrix.length)
  return Array.from({ length: n }, (_, i) => matrix.subarray(i * n, (i + 1) * n))
}

/** Mean and standard error of the mean. */
export function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((a, b) => a + b) / values.length
  const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)
  return { mean, error: Math.sqrt(square / values.length) }
}
