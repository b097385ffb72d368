import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createStream } from '#base'
import { countingOperator, denseOperator, type LinearOperator } from '#geometry/operators'
import { eigenSymmetric, extremeEigenpairs, type EigenpairsOptions } from '#geometry/spectral'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'
import {
  breakingOperator,
  diagonalOperator,
  float32Space,
} from '../../../support/spectra-operators.ts'

const pairsOf = (operator: LinearOperator, options: Partial<EigenpairsOptions> = {}) =>
  extremeEigenpairs(operator, {
    top: 3,
    bottom: 2,
    tolerance: 1e-9,
    maxProducts: 2000,
    stream: createStream(1, 'blocks'),
    ...options,
  })
const solve = (values: readonly number[], options: Partial<EigenpairsOptions> = {}) =>
  pairsOf(denseOperator(symmetricWithSpectrum(values, 1)), options)
const valuesOf = (pairs: readonly { value: number }[]) => pairs.map(({ value }) => value)
const expectNear = (pairs: readonly { value: number }[], expected: readonly number[]): void => {
  expect(pairs).toHaveLength(expected.length)
  valuesOf(pairs).forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-7))
}

test('blocks of 2 look for further copies only where they found two', async () => {
  const bulk = arithmetic(-1, 0.01, 120)
  const count = async (values: readonly number[], findsMultiples: boolean) => {
    const options = { top: 3, bottom: 0, tolerance: 1e-6, blockSize: 2, findsMultiples }
    const { top, products, status } = await solve([...bulk, ...values], options)
    expect(status).toBe('converged')
    return { products, values: valuesOf(top).map((value) => Number(value.toFixed(4))) }
  }
  const [single, alike] = [await count([2, 3, 4], true), await count([2, 3, 4], false)]
  expect(single).toEqual(alike)
  expect(single.values).toEqual([4, 3, 2])
  const [copied, unchecked] = [await count([3, 3, 3, 4], true), await count([3, 3, 3, 4], false)]
  expect(copied.values).toEqual([4, 3, 3])
  expect(copied.products).toBeGreaterThan(unchecked.products)
})

describe.each([1, 2, 4])('blocks of %i', (blockSize) => {
  test('find the ends of a spectrum of both signs, and the largest are the largest', async () => {
    const result = await solve([...arithmetic(-1, 0.02, 90), -7, -5, 4, 6, 9], { blockSize })
    expect(result.status).toBe('converged')
    expect(result.blockSize).toBe(blockSize)
    expectNear(result.top, [9, 6, 4])
    expectNear(result.bottom, [-7, -5])
  })

  test('report multiple eigenvalues as often as they occur', async () => {
    const copies = new Array<number>(9).fill(2)
    const spectra = [
      { values: [...arithmetic(-1, 0.02, 80), 5, 5, 5, 3], expected: [5, 5, 5, 3] },
      { values: [...copies, ...arithmetic(0, 0.005, 100)], expected: [...copies, 0.495] },
    ]
    for (const { values, expected } of spectra) {
      const result = await solve(values, { top: expected.length, bottom: 0, blockSize })
      expect(result.status).toBe('converged')
      expectNear(result.top, expected)
    }
  })

  test('never say converged with a value missing, whatever the multiplicities and the basis', async () => {
    for (const seed of arithmetic(2000, 1, 25)) {
      const stream = createStream(seed, 'multiple')
      const size = 20 + stream.nextInteger(120)
      const values = Array.from({ length: size }, () => Math.round(3 * stream.nextNormal()))
      const [top, bottom] = [1 + stream.nextInteger(5), stream.nextInteger(4)]
      const result = await pairsOf(diagonalOperator(values), {
        top,
        bottom,
        tolerance: 1e-5,
        blockSize,
        ...(seed % 2 === 0 ? {} : { maxBasis: 2 * (top + bottom) + 12 }),
      })
      expect(result.status).toBe('converged')
      const sorted = values.toSorted((a, b) => b - a)
      const expected = [...sorted.slice(0, top), ...sorted.toReversed().slice(0, bottom)]
      valuesOf([...result.top, ...result.bottom]).forEach((value, i) =>
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-3),
      )
      // Many restarts and locks later, the basis is still orthonormal to rounding.
      expect(result.orthogonalityLoss).toBeLessThan(300 * Number.EPSILON)
    }
  })

  test('agree with the dense decomposition of random matrices to 1e-8', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8, max: 40 }), fc.nat(1000), async (n, seed) => {
        const stream = createStream(seed, 'matrix')
        const matrix = new Float64Array(n * n)
        for (let i = 0; i < n; i += 1) {
          for (let j = 0; j <= i; j += 1) {
            matrix[i * n + j] = stream.nextNormal()
            matrix[j * n + i] = matrix[i * n + j]!
          }
        }
        const rows = Array.from({ length: n }, (_, i) => matrix.slice(i * n, (i + 1) * n))
        const expected = eigenSymmetric(rows).values
        const result = await pairsOf(denseOperator(matrix), { top: 5, bottom: 2, blockSize })
        expect(result.status).toBe('converged')
        result.top.forEach(({ value }, i) =>
          expect(Math.abs(value - expected[n - 1 - i]!)).toBeLessThan(1e-8),
        )
        result.bottom.forEach(({ value }, i) =>
          expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-8),
        )
      }),
      { numRuns: 15, seed: 5 },
    )
  })

  test('handle the identity, the zero operator and spaces smaller than the block', async () => {
    for (const values of [
      new Array<number>(12).fill(1),
      new Array<number>(12).fill(0),
      [4],
      [3, 1, -4],
    ]) {
      const [top, bottom] = [Math.min(2, values.length), values.length > 2 ? 1 : 0]
      const result = await solve(values, { top, bottom, blockSize })
      const sorted = values.toSorted((a, b) => b - a)
      expect(result.status).toBe('converged')
      expectNear(result.top, sorted.slice(0, top))
      expectNear(result.bottom, sorted.slice(values.length - bottom))
    }
  })

  test('scale to the bit with the operator', async () => {
    const values = [...arithmetic(-1, 0.05, 40), 4, 6]
    const matrix = symmetricWithSpectrum(values, 2)
    const plain = await pairsOf(denseOperator(matrix), { blockSize })
    const tiny = await pairsOf(denseOperator(matrix.map((x) => x * 2 ** -40)), { blockSize })
    expect(tiny.vectors).toEqual(plain.vectors)
    expect(valuesOf(tiny.top)).toEqual(valuesOf(plain.top).map((value) => value * 2 ** -40))
    expect(tiny.products).toBe(plain.products)
  })

  test('spend the budget and no more, and name what is missing', async () => {
    const A = countingOperator(denseOperator(symmetricWithSpectrum(arithmetic(0, 0.01, 200), 5)))
    const result = await pairsOf(A, { maxProducts: 33, blockSize })
    expect(result.status).toBe('not-converged')
    expect(result.note).toMatch(/of 5 residuals are within tolerance after \d+ products/)
    expect(A.products).toBe(result.products)
    expect(A.products).toBeLessThanOrEqual(33)
    expect(A.products).toBeGreaterThan(33 - blockSize)
  })

  test('name the product that is not finite', async () => {
    for (const at of [1, 2, 11]) {
      await expect(
        pairsOf(breakingOperator(diagonalOperator(arithmetic(0, 1, 30)), at), { blockSize }),
      ).rejects.toThrow(`not a finite number in the operator's product ${at}`)
    }
  })
})

describe('a block', () => {
  test('finds as many copies in one pass as it has vectors', async () => {
    const values = [...arithmetic(0, 0.01, 300), 5, 5, 5, 5]
    const [one, four] = await Promise.all(
      [1, 4].map((blockSize) => solve(values, { top: 4, bottom: 0, tolerance: 1e-6, blockSize })),
    )
    expectNear(four!.top, [5, 5, 5, 5])
    expectNear(one!.top, [5, 5, 5, 5])
    // Single vectors must start afresh for every copy.
    expect(four!.products / 4).toBeLessThan(one!.products / 3)
  })

  test('must be a positive integer that the budget takes', async () => {
    for (const blockSize of [0, -1, 1.5, Number.NaN]) {
      await expect(solve([1, 2, 3], { blockSize })).rejects.toThrow(
        `blockSize must be 1 or more or 'measured', got ${blockSize}`,
      )
    }
    await expect(solve(arithmetic(0, 1, 30), { blockSize: 4, maxProducts: 12 })).rejects.toThrow(
      'maxProducts must be 13 or more for 5 eigenpairs in blocks of 4, got 12',
    )
  })
})

describe('a measured block size', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  /** An operator whose products take time on a clock of their own. */
  const timedOperator = (msOf: (rows: number) => number, values: readonly number[]) => {
    const exact = countingOperator(diagonalOperator(values))
    return {
      ...exact,
      preferredRows: 8,
      counted: exact,
      apply: (input: Parameters<typeof exact.apply>[0], rows: number, output: typeof input) => {
        vi.advanceTimersByTime(msOf(rows))
        return exact.apply(input, rows, output)
      },
    }
  }
  const values = [...arithmetic(0, 0.01, 400), 6, 7, 8]
  const options = { bottom: 0, tolerance: 1e-4, blockSize: 'measured' as const }

  test('is 1 where a product costs arithmetic, and spends two products to know', async () => {
    const A = timedOperator((rows) => 1 + 20 * rows, values)
    const measured = await pairsOf(A, options)
    const single = await pairsOf(diagonalOperator(values), { ...options, blockSize: 1 })
    expect(measured.blockSize).toBe(1)
    expect(measured.products).toBe(single.products + 2)
    expect(A.counted.products).toBe(measured.products)
    expect(measured.vectors).toEqual(single.vectors)
    expect([...measured.costPerProduct]).toEqual([
      [1, 21],
      [2, 20.5],
    ])
  })

  test('is larger where a product costs calls, and the answer is right', async () => {
    for (const [msOf, blockSize] of [
      [() => 10, 8],
      [(rows: number) => (rows < 4 ? 10 : 10 * rows), 2],
    ] as const) {
      const A = timedOperator(msOf, values)
      const result = await pairsOf(A, options)
      expect(result.status).toBe('converged')
      expect(result.blockSize).toBe(blockSize)
      expect(A.counted.products).toBe(result.products)
      expectNear(
        result.top.map(({ value }) => ({ value: Math.round(value * 1e4) / 1e4 })),
        [8, 7, 6],
      )
    }
  })

  test('is 1 for an operator that prefers single vectors, without a trial', async () => {
    const result = await pairsOf({ ...diagonalOperator(values), preferredRows: 1 }, options)
    expect(result.blockSize).toBe(1)
    expect(result.costPerProduct.size).toBe(0)
  })
})

describe('the residual allowed', () => {
  test('is a share of the largest |λ| if asked for, and saves products', async () => {
    const values = [...arithmetic(-0.01, 0.0002, 100), 5, 6, 7]
    const [own, largest] = await Promise.all(
      (['own', 'largest'] as const).map((relativeTo) =>
        solve(values, { tolerance: 1e-3, relativeTo, blockSize: 1 }),
      ),
    )
    expect(own!.status).toBe('converged')
    expect(largest!.status).toBe('converged')
    expect(largest!.products).toBeLessThan(own!.products)
    largest!.bottom.forEach(({ residual }) => expect(residual).toBeLessThan(7e-3))
    own!.bottom.forEach(({ residual }) => expect(residual).toBeLessThan(7e-5))
  })

  test('at the level of rounding is said to be: such a value cannot be told from 0', async () => {
    const values = [...new Array<number>(40).fill(0), ...arithmetic(1, 1, 20)]
    const A = diagonalOperator(values, float32Space(values.length))
    const { note, bottom, top } = await pairsOf(A, { tolerance: 1e-5, blockSize: 1 })
    bottom.forEach(({ value }) => expect(Math.abs(value)).toBeLessThan(2e-5))
    expectNear(
      top.map(({ value }) => ({ value: Math.round(value * 1e3) / 1e3 })),
      [20, 19, 18],
    )
    expect(note).toContain(
      '2 of the values are below 9.5e-7 of the largest |λ|, the rounding of a product: they cannot be told from 0.',
    )
  })
})
