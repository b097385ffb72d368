import { createStream, fillSigns } from '#base'
import { float64Space, type LinearOperator, type Vector } from '#geometry/operators'

/**
 * R·diag(values)·Rᵀ with R = D₁·W·D₂·W, random signs D and Walsh–Hadamard transforms W: no entry of its eigenvectors stands out, and
 * a product costs O(n log n).
 *
 * @param values - As many as a power of two.
 */
export function rotatedOperator(values: readonly number[], seed: number): LinearOperator {
  const size = values.length
  if (2 ** Math.round(Math.log2(size)) !== size) throw new Error(`internal: ${size} eigenvalues`)
  const stream = createStream(seed, 'rotated')
  const signs = [0, 1].map((i) => {
    const target = new Float64Array(size)
    fillSigns(target, stream.fork(i))
    return target
  })
  const transform = (x: Float64Array): void => {
    for (let half = 1; half < size; half *= 2) {
      for (let from = 0; from < size; from += 2 * half) {
        for (let i = from; i < from + half; i += 1) {
          const [a, b] = [x[i]!, x[i + half]!]
          x[i] = a + b
          x[i + half] = a - b
        }
      }
    }
    const scale = 1 / Math.sqrt(size)
    for (let i = 0; i < size; i += 1) x[i]! *= scale
  }
  const multiply = (x: Float64Array, by: ArrayLike<number>): void => {
    for (let i = 0; i < size; i += 1) x[i]! *= by[i]!
  }
  return {
    size,
    space: float64Space(size),
    preferredRows: 4,
    apply: (input: Vector, rows: number, output: Vector) => {
      for (let row = 0; row < rows; row += 1) {
        const x = Float64Array.from(input.subarray(row * size, (row + 1) * size))
        multiply(x, signs[0]!)
        transform(x)
        multiply(x, signs[1]!)
        transform(x)
        multiply(x, values)
        transform(x)
        multiply(x, signs[1]!)
        transform(x)
        multiply(x, signs[0]!)
        output.set(x, row * size)
      }
      return Promise.resolve()
    },
  }
}

/** Spectra of n values on which estimates are studied. */
export const studySpectra = {
  /** Ten outliers, 50 to 500 times the mean of a Marchenko–Pastur-like bulk. */
  outliers: (n: number): number[] => [...tenOutliers, ...bulk(n - 10, (x) => 4 * x ** 2)],
  /** Ten outliers and a bulk of both signs whose size falls off, as trained networks have it. */
  network: (n: number): number[] => [
    ...tenOutliers,
    ...Array.from({ length: n - 10 }, (_, i) => ((i % 3 === 0 ? -1 : 1) * 10) / (1 + i / 10)),
  ],
  /** 1/i. */
  decay: (n: number): number[] => Array.from({ length: n }, (_, i) => 1 / (i + 1)),
  /** 1 to 2: nothing stands out. */
  flat: (n: number): number[] => bulk(n, (x) => 1 + x),
} as const

const tenOutliers = Array.from({ length: 10 }, (_, i) => 50 * (i + 1))

const bulk = (count: number, value: (share: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => value((i + 0.5) / count))
