import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { countingOperator, denseOperator } from '#geometry/operators'
import { estimateDiagonal } from '#geometry/spectral'
import { symmetricWithSpectrum } from '../../../support/matrices.ts'
import { breakingOperator, diagonalOperator } from '../../../support/spectra-operators.ts'

const values = [9, 5, 3, 2, 1.5, 1, 0.8, 0.5, -0.4, 0.3, 0.2, 0.1]
const n = values.length
const matrix = symmetricWithSpectrum(values, 4)
const entry = (i: number): number => matrix[i * n + i]!
/** Σ_{j≠i} Aᵢⱼ². */
const variance = (i: number): number =>
  matrix.subarray(i * n, (i + 1) * n).reduce((sum, x, j) => (j === i ? sum : sum + x * x), 0)
const stream = (seed: number) => createStream(seed, 'diagonal')

describe('estimateDiagonal', () => {
  test('is exact for a diagonal matrix after two probes', async () => {
    const result = await estimateDiagonal(diagonalOperator(values), {
      probes: 2,
      stream: stream(1),
    })
    expect([...result.diagonal]).toEqual(values)
    expect(result.rmsStandardError).toBe(0)
    expect(result.trace.mean).toBeCloseTo(23, 12)
    expect(result.trace.standardError).toBeCloseTo(0, 12)
  })

  test('has the variance that theory gives, entry by entry', async () => {
    const probes = 4000
    const result = await estimateDiagonal(denseOperator(matrix, 50), { probes, stream: stream(2) })
    for (let i = 0; i < n; i += 1) {
      const deviation = Math.sqrt(variance(i) / probes)
      expect(Math.abs(result.diagonal[i]! - entry(i))).toBeLessThan(4 * deviation)
      // The deviation of a sample deviation is at most about 1/√(2·probes) of it for sums of signs.
      expect(Math.abs(result.standardError[i]! / deviation - 1)).toBeLessThan(0.07)
    }
    const mean = Array.from({ length: n }, (_, i) => variance(i)).reduce((a, b) => a + b) / n
    expect(result.rmsStandardError / Math.sqrt(mean / probes)).toBeCloseTo(1, 1)
  })

  test('two standard errors hold the truth, also with few probes', async () => {
    let [hits, trials] = [0, 0]
    for (let seed = 0; seed < 60; seed += 1) {
      const { diagonal, standardError, trace, sums } = await estimateDiagonal(
        denseOperator(matrix),
        { probes: 8, stream: stream(seed), ranges: [[2, 7]] },
      )
      diagonal.forEach((value, i) => {
        if (Math.abs(value - entry(i)) <= 2 * standardError[i]!) hits += 1
        trials += 1
      })
      const part = [2, 3, 4, 5, 6].reduce((sum, i) => sum + entry(i), 0)
      if (Math.abs(trace.mean - 23) <= 2 * trace.standardError) hits += 1
      if (Math.abs(sums[0]!.mean - part) <= 2 * sums[0]!.standardError) hits += 1
      trials += 2
    }
    // 95.45 % for normal samples; entries of one probe depend on each other.
    expect(hits / trials).toBeGreaterThan(0.92)
  })

  test('sums to the trace, and to its ranges', async () => {
    const { diagonal, trace, sums } = await estimateDiagonal(denseOperator(matrix), {
      probes: 10,
      stream: stream(3),
      ranges: [
        [0, 5],
        [5, n],
      ],
    })
    const sum = (from: number, to: number): number =>
      diagonal.subarray(from, to).reduce((a, b) => a + b, 0)
    expect(trace.mean).toBeCloseTo(sum(0, n), 12)
    expect(sums[0]!.mean).toBeCloseTo(sum(0, 5), 12)
    expect(sums[1]!.mean).toBeCloseTo(sum(5, n), 12)
  })

  test('goes on to a precision, or names the budget', async () => {
    const A = countingOperator(denseOperator(matrix))
    const met = await estimateDiagonal(A, { probes: 10, precision: 0.1, stream: stream(4) })
    expect(met.status).toBe('converged')
    expect(met.rmsStandardError).toBeLessThanOrEqual(0.1 * met.rms)
    expect(A.products).toBe(met.products)
    const cut = await estimateDiagonal(A, {
      probes: 10,
      precision: 0.001,
      maxProducts: 25,
      stream: stream(4),
    })
    expect(cut.status).toBe('not-converged')
    expect(cut.products).toBe(25)
    expect(cut.note).toMatch(/^after 25 products the standard error is/)
  })

  test('does not take two probes that agree by luck for a precision met', async () => {
    // zᵢ(Az)ᵢ = 1 ± 5: two probes agree every other time.
    const few = denseOperator(Float64Array.of(1, 5, 5, 1))
    for (let seed = 0; seed < 40; seed += 1) {
      const { status } = await estimateDiagonal(few, {
        probes: 2,
        precision: 0.05,
        maxProducts: 40,
        stream: stream(seed),
      })
      expect(status).toBe('not-converged')
    }
  })

  test('names the probe whose product is not finite, and refuses ranges outside', async () => {
    await expect(
      estimateDiagonal(breakingOperator(diagonalOperator(values), 6), {
        probes: 8,
        stream: stream(1),
      }),
    ).rejects.toThrow("not a finite number in the operator's product with probe 6")
    await expect(
      estimateDiagonal(diagonalOperator(values), {
        probes: 8,
        stream: stream(1),
        ranges: [[3, 13]],
      }),
    ).rejects.toThrow('ranges must lie within [0, 12), got [3, 13)')
  })
})
