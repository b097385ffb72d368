import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** All 4,074 eigenvalues of a trained perceptron's Hessian, ascending; see test/reference/README.md. */
export function digitsSpectrum(): number[] {
  const bytes = readFileSync(join(import.meta.dirname, '..', 'reference/spectra/digits-mlp.npy'))
  // Version 1 of the format: the header's length is at byte 8; the data are little-endian doubles.
  const start = 10 + bytes.readUInt16LE(8)
  return Array.from({ length: (bytes.length - start) / 8 }, (_, i) =>
    bytes.readDoubleLE(start + 8 * i),
  )
}

/**
 * Quantiles of the Marchenko–Pastur law of variance 1, ascending: a spectrum without randomness.
 *
 * @param gamma - In (0, 1).
 */
export function marchenkoPasturQuantiles(count: number, gamma: number): number[] {
  const [low, high] = [(1 - Math.sqrt(gamma)) ** 2, (1 + Math.sqrt(gamma)) ** 2]
  const cells = 20_000
  const places: number[] = []
  const sums: number[] = []
  let sum = 0
  for (let i = 0; i < cells; i += 1) {
    // x = middle − half·cos t: the square roots at the edges become smooth.
    const t = (Math.PI * (i + 0.5)) / cells
    const half = (high - low) / 2
    const x = (high + low) / 2 - half * Math.cos(t)
    sum += (half * Math.sin(t)) ** 2 / x
    places.push(x)
    sums.push(sum)
  }
  let cell = 0
  return Array.from({ length: count }, (_, i) => {
    while (sums[cell]! < ((i + 0.5) / count) * sum) cell += 1
    return places[cell]!
  })
}

/** A null space, a Marchenko–Pastur bulk and outliers on both sides, ascending. */
export const layeredSpectrum = (zeros: number, bulk: number): number[] =>
  [
    ...new Array<number>(zeros).fill(0),
    ...marchenkoPasturQuantiles(bulk, 0.3),
    ...[-2, -1.2, 8, 9, 12, 15, 20, 25, 40, 60],
  ].sort((a, b) => a - b)
