import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  countingOperator,
  denseOperator,
  float64Space,
  type LinearOperator,
} from '#geometry/operators'
import { extremeEigenpairs, type EigenpairsOptions } from '#geometry/spectral'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'

const defaults = (seed = 1): EigenpairsOptions => ({
  top: 3,
  bottom: 2,
  tolerance: 1e-9,
  maxProducts: 2000,
  blockSize: 1,
  stream: createStream(seed, 'eigenpairs'),
})
const solve = (values: readonly number[], options: Partial<EigenpairsOptions> = {}, seed = 1) =>
  extremeEigenpairs(denseOperator(symmetricWithSpectrum(values, seed)), {
    ...defaults(seed),
    ...options,
  })
/** A diagonal operator: its spectrum is what it says. */
const diagonal = (values: readonly number[]): LinearOperator => ({
  size: values.length,
  space: float64Space(values.length),
  preferredRows: 4,
  apply: (input, rows, output) => {
    for (let i = 0; i < rows * values.length; i += 1) {
      output[i] = values[i % values.length]! * input[i]!
    }
    return Promise.resolve()
  },
})
const valuesOf = (pairs: readonly { value: number }[]) => pairs.map(({ value }) => value)

function expectValues(pairs: readonly { value: number }[], expected: readonly number[]): void {
  expect(pairs).toHaveLength(expected.length)
  valuesOf(pairs).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 7))
}

function valuesNear(pairs: readonly { value: number }[], expected: readonly number[]): void {
  valuesOf(pairs).forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-3))
}

describe('extremeEigenpairs', () => {
  test('finds the ends of a spectrum of both signs', async () => {
    const values = [...arithmetic(-1, 0.02, 90), -7, -5, 4, 6, 9]
    const result = await solve(values)
    expect(result.status).toBe('converged')
    expectValues(result.top, [9, 6, 4])
    expectValues(result.bottom, [-7, -5])
  })

  test('reports at least the true residual of each pair, closely and within tolerance', async () => {
    const values = arithmetic(0, 1, 60)
    const matrix = symmetricWithSpectrum(values, 4)
    const A = denseOperator(matrix)
    const result = await extremeEigenpairs(A, { ...defaults(4), tolerance: 1e-4 })
    const product = new Float64Array(5 * 60)
    await A.apply(result.vectors, 5, product)
    ;[...result.top, ...result.bottom].forEach(({ value, residual }, row) => {
      const r = product
        .slice(row * 60, (row + 1) * 60)
        .map((x, i) => x - value * result.vectors[row * 60 + i]!)
      expect(residual).toBeGreaterThan((1 - 1e-6) * Math.hypot(...r) - 1e-13)
      expect(residual).toBeLessThan(2 * Math.hypot(...r) + 1e-12)
      expect(residual).toBeLessThan(1e-4 * 59)
    })
  })

  test('reports multiple eigenvalues as often as they occur', async () => {
    const result = await solve([...arithmetic(-1, 0.02, 80), 5, 5, 5, 3], { top: 4, bottom: 0 })
    expect(result.status).toBe('converged')
    expectValues(result.top, [5, 5, 5, 3])
  })

  test('finds nine copies of the outliers of a ten-class softmax regression', async () => {
    const copies = new Array<number>(9).fill(2)
    const result = await solve([...copies, ...arithmetic(0, 0.005, 100)], { top: 10, bottom: 0 })
    expect(result.status).toBe('converged')
    expectValues(result.top, [...copies, 0.495])
  })

  test('handles the identity, the zero operator and one dimension', async () => {
    const identity = await solve(new Array<number>(12).fill(1))
    expect([identity.status, valuesOf(identity.top).length]).toEqual(['converged', 3])
    valuesOf([...identity.top, ...identity.bottom]).forEach((x) => expect(x).toBeCloseTo(1, 12))
    const zero = await solve(new Array<number>(12).fill(0))
    expect(zero.status).toBe('converged')
    expect(valuesOf(zero.top)).toEqual([0, 0, 0])
    const one = await solve([4], { bottom: 0 })
    expectValues(one.top, [4])
  })

  test('gives every eigenvalue once when all are wanted', async () => {
    const result = await solve([3, 1, 2, -4], { top: 3, bottom: 3 })
    expectValues(result.top, [3, 2, 1])
    expectValues(result.bottom, [-4])
  })

  test('scales with the operator, however small', async () => {
    const values = [...arithmetic(-1, 0.05, 40), 4, 6]
    const [plain, tiny] = await Promise.all([
      solve(values),
      solve(values.map((value) => 1e-12 * value)),
    ])
    plain.top.forEach(({ value }, i) => expect(tiny.top[i]!.value / value).toBeCloseTo(1e-12, 20))
    expect(tiny.products).toBe(plain.products)
  })

  test('restarts in a small basis and still converges', async () => {
    const values = [...arithmetic(0, 0.01, 150), 3, 3.5, 4]
    const result = await solve(values, { maxBasis: 24, bottom: 0, tolerance: 1e-6 })
    expect(result.status).toBe('converged')
    expect(result.depth).toBeLessThanOrEqual(24)
    expectValues(result.top, [4, 3.5, 3])
  })

  test('finds multiple eigenvalues in a small basis, without gaps beside them', async () => {
    const values = [...arithmetic(0, 0.01, 200), 2.5, 2.5, 2.5]
    const result = await solve(values, { maxBasis: 40, top: 4, bottom: 2, tolerance: 1e-4 })
    expect(result.status).toBe('converged')
    valuesNear(result.top, [2.5, 2.5, 2.5, 1.99])
    valuesNear(result.bottom, [0, 0.01])
  })

  test('tells small values at the edge of a bulk from their neighbors at the default tolerance', async () => {
    const values = [...arithmetic(-0.01, 0.0002, 100), 5, 6, 7]
    const result = await solve(values, { tolerance: 1e-3 })
    expect(result.status).toBe('converged')
    result.bottom.forEach(({ value }, i) => expect(value).toBeCloseTo(-0.01 + 0.0002 * i, 4))
  })

  test('says not-converged, how many are, and what to try, when the budget ends', async () => {
    const A = countingOperator(denseOperator(symmetricWithSpectrum(arithmetic(0, 0.01, 200), 5)))
    const result = await extremeEigenpairs(A, { ...defaults(5), maxProducts: 30 })
    expect(result.status).toBe('not-converged')
    expect(result.note).toMatch(/of 5 residuals are within tolerance after 30 products/)
    expect(A.products).toBe(30)
    expect(result.products).toBe(30)
  })

  test('stops between products when its signal says so', async () => {
    const controller = new AbortController()
    const stopped = solve(arithmetic(0, 1, 50), {
      signal: controller.signal,
      onProgress: (products) => {
        if (products === 4) controller.abort()
      },
    })
    await expect(stopped).rejects.toThrow('stopped on request')
  })

  test('agrees with the prescribed spectrum on random ones', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 6, maxLength: 40 }),
        fc.nat(100),
        async (values, seed) => {
          const sorted = values.toSorted((a, b) => b - a)
          const result = await solve(values, { tolerance: 1e-8 }, seed)
          expect(result.status).toBe('converged')
          result.top.forEach(({ value }, i) => expect(value).toBeCloseTo(sorted[i]!, 6))
          result.bottom.forEach(({ value }, i) => expect(value).toBeCloseTo(sorted.at(-1 - i)!, 6))
        },
      ),
      { numRuns: 40, seed: 2 },
    )
  })

  test('never says converged with a value missing, whatever the multiplicities and the basis', async () => {
    // Found by a search over random spectra: rounded normals have many copies of few values.
    for (const seed of [61, 82, 116, 225, 352, ...arithmetic(1000, 1, 40)]) {
      const stream = createStream(seed, 'multiple')
      const size = 20 + stream.nextInteger(120)
      const values = Array.from({ length: size }, () => Math.round(3 * stream.nextNormal()))
      const [top, bottom] = [1 + stream.nextInteger(5), stream.nextInteger(4)]
      const result = await extremeEigenpairs(diagonal(values), {
        ...defaults(seed),
        top,
        bottom,
        tolerance: 1e-5,
        ...(seed % 2 === 0 ? {} : { maxBasis: 2 * (top + bottom) + 12 }),
      })
      expect(result.status).toBe('converged')
      const sorted = values.toSorted((a, b) => b - a)
      const expected = [...sorted.slice(0, top), ...sorted.toReversed().slice(0, bottom)]
      valuesOf([...result.top, ...result.bottom]).forEach((value, at) =>
        expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-3),
      )
    }
  })
})
