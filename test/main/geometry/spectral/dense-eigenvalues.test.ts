import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { symmetricEigenvalues } from '#geometry/spectral'
import { loadArrays } from '#learn/datasets'
import { fixturePath } from '../../../support/fixtures.ts'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'

const diagonal = (values: readonly number[]): Float64Array =>
  Float64Array.from({ length: values.length ** 2 }, (_, at) =>
    at % (values.length + 1) === 0 ? values[at / (values.length + 1)]! : 0,
  )

/** Largest deviation as a share of the largest value. */
const error = (got: Float64Array, expected: ArrayLike<number>): number => {
  const sorted = Float64Array.from(expected).sort()
  const largest = Math.max(...sorted.map(Math.abs))
  return Math.max(...got.map((x, i) => Math.abs(x - sorted[i]!))) / largest
}

describe('eigenvalues of a dense symmetric matrix', () => {
  test('are LAPACK’s to 1e-13 of the largest', async () => {
    const arrays = await loadArrays(fixturePath('curvature', 'eigenvalues.npz'))
    const triangle = Float64Array.from(arrays.get('triangle')!.data, Number)
    const matrix = new Float64Array(200 * 200)
    let at = 0
    for (let i = 0; i < 200; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        matrix[i * 200 + j] = triangle[at]!
        matrix[j * 200 + i] = triangle[at]!
        at += 1
      }
    }
    const before = matrix.slice()
    const got = await symmetricEigenvalues(matrix, 200)
    expect(error(got, Float64Array.from(arrays.get('values')!.data, Number))).toBeLessThan(1e-13)
    expect(matrix).toEqual(before)
  })

  test('are those the matrix was made with, at any order around the width of a panel', async () => {
    for (const n of [1, 2, 3, 4, 5, 31, 32, 33, 64, 65, 70]) {
      const values = arithmetic(-3, 0.7, n)
      const got = await symmetricEigenvalues(symmetricWithSpectrum(values, n), n)
      expect(error(got, values)).toBeLessThan(1e-13)
    }
  })

  test('are not disturbed by a coupling whose square leaves the range', async () => {
    const block = symmetricWithSpectrum([-2, -1, 0.5, 3, 4], 1)
    for (const exponent of [-150, -156, -158, -160, -161, -162, -170, -300]) {
      const matrix = new Float64Array(36)
      for (let i = 0; i < 25; i += 1) matrix[6 * Math.floor(i / 5) + (i % 5)] = block[i]!
      for (let k = 0; k < 5; k += 1) matrix[30 + k] = (k + 1) * 10 ** exponent
      expect(error(await symmetricEigenvalues(matrix, 6), [-2, -1, 0, 0.5, 3, 4])).toBeLessThan(
        1e-14,
      )
    }
  })

  test('come as often as they are, zeros too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(-2, 0, 0, 1, 5), { minLength: 1, maxLength: 40 }),
        fc.nat(100),
        async (values, seed) => {
          const n = values.length
          const got = await symmetricEigenvalues(symmetricWithSpectrum(values, seed), n)
          const largest = Math.max(1, ...values.map(Math.abs))
          values
            .sort((a, b) => a - b)
            .forEach((x, i) => {
              expect(Math.abs(got[i]! - x)).toBeLessThan(1e-13 * largest)
            })
        },
      ),
      { numRuns: 30 },
    )
  })

  test('of diagonal and zero matrices are exact', async () => {
    const values = [3, -1, 0, 7, 7, 2.5]
    expect([...(await symmetricEigenvalues(diagonal(values), 6))]).toEqual([-1, 0, 2.5, 3, 7, 7])
    expect([...(await symmetricEigenvalues(new Float64Array(9), 3))]).toEqual([0, 0, 0])
  })

  test.each([1e-300, 1e-12, 1e300])('scale with the matrix: %d', async (scale) => {
    const matrix = symmetricWithSpectrum(arithmetic(-1, 0.3, 40), 3)
    const plain = await symmetricEigenvalues(matrix, 40)
    const scaled = await symmetricEigenvalues(
      matrix.map((x) => x * scale),
      40,
    )
    expect(
      error(
        scaled.map((x) => x / scale),
        plain,
      ),
    ).toBeLessThan(1e-13)
  })

  test('are refused of what is not finite or not square, and stop when told to', async () => {
    const matrix = diagonal([1, 2, 3])
    await expect(symmetricEigenvalues(matrix, 2)).rejects.toThrow(
      'matrix must have shape [2, 2], got [9]',
    )
    await expect(symmetricEigenvalues(matrix, 3, { signal: AbortSignal.abort() })).rejects.toThrow(
      'stopped on request',
    )
    matrix[3] = Number.NaN
    await expect(symmetricEigenvalues(matrix, 3)).rejects.toThrow(
      'not a finite number in entry (1, 0) of the matrix',
    )
  })

  test('tell how far they have come', async () => {
    const shares: number[] = []
    await symmetricEigenvalues(symmetricWithSpectrum(arithmetic(0, 1, 70), 1), 70, {
      onProgress: (share) => shares.push(share),
    })
    expect(shares).toHaveLength(3)
    expect(shares[2]).toBe(1)
    expect(shares.toSorted((a, b) => a - b)).toEqual(shares)
  })
})
