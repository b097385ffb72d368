import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  countingOperator,
  denseOperator,
  scaleOperator,
  sumOperator,
  symmetryDefect,
} from '#geometry/operators'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'
import {
  breakingOperator,
  diagonalOperator,
  expectOperatorIs,
  float32Space,
} from '../../../support/spectra-operators.ts'

const values = arithmetic(-2, 0.5, 9)
const matrix = symmetricWithSpectrum(values, 1)
const other = symmetricWithSpectrum(arithmetic(1, 1, 9), 2)
const diagonalMatrix = (numbers: readonly number[]): Float64Array =>
  Float64Array.from({ length: numbers.length ** 2 }, (_, at) =>
    at % (numbers.length + 1) === 0 ? numbers[at % numbers.length]! : 0,
  )

describe('operators are their matrices', () => {
  test.each([1, 3, 8])('dense, liking %i rows', async (rows) => {
    await expectOperatorIs(denseOperator(matrix, rows), matrix)
  })

  test('scaled, also by 0 and by 1e-12', async () => {
    for (const factor of [-3, 0, 1e-12]) {
      await expectOperatorIs(
        scaleOperator(denseOperator(matrix), factor),
        matrix.map((x) => factor * x),
      )
    }
  })

  test('summed, and a sum of scaled ones', async () => {
    const difference = sumOperator(denseOperator(matrix), scaleOperator(denseOperator(other), -1))
    await expectOperatorIs(
      difference,
      matrix.map((x, i) => x - other[i]!),
    )
  })

  test('counted', async () => {
    await expectOperatorIs(countingOperator(denseOperator(matrix)), matrix)
  })

  test('in float32', async () => {
    const operator = diagonalOperator(values, float32Space(9))
    await expectOperatorIs(scaleOperator(operator, 2), diagonalMatrix(values.map((x) => 2 * x)))
  })
})

test('a dense operator refuses what is not square', () => {
  expect(() => denseOperator(new Float64Array(8))).toThrow('matrix must have shape [n, n], got [8]')
})

test('a sum refuses operators of different sizes', () => {
  expect(() => sumOperator(diagonalOperator([1, 2]), diagonalOperator([1, 2, 3]))).toThrow(
    'second must have size 2, got 3',
  )
})

test('a counting operator counts vectors, not calls', async () => {
  const operator = countingOperator(denseOperator(matrix))
  await operator.apply(new Float64Array(27), 3, new Float64Array(27))
  await operator.apply(new Float64Array(9), 1, new Float64Array(9))
  expect(operator.products).toBe(4)
})

describe('symmetryDefect', () => {
  const defect = (entries: Float64Array, pairs?: number): Promise<number> =>
    symmetryDefect(denseOperator(entries), createStream(1, 'defect'), pairs)

  test('is rounding for a symmetric operator, at any scale', async () => {
    for (const scale of [1, 1e-12, 1e12]) {
      expect(await defect(matrix.map((x) => scale * x))).toBeLessThan(1e-14)
    }
    expect(await defect(new Float64Array(81))).toBe(0)
  })

  test('estimates ‖A − Aᵀ‖/‖A‖ for another', async () => {
    const skewed = matrix.slice()
    skewed[1]! += 0.3
    const squares = (numbers: Float64Array): number => numbers.reduce((sum, x) => sum + x * x, 0)
    const expected = Math.sqrt((2 * 0.3 ** 2) / squares(skewed))
    expect((await defect(skewed, 2000)) / expected).toBeCloseTo(1, 1)
    expect(await defect(skewed)).toBeGreaterThan(expected / 10)
  })

  test('refuses products that are not finite', async () => {
    const broken = breakingOperator(denseOperator(matrix), 2)
    await expect(symmetryDefect(broken, createStream(1, 'defect'))).rejects.toThrow(
      "not a finite number in the operator's products with random vectors",
    )
  })
})
