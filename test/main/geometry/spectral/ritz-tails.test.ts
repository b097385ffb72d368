import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { eigenSymmetric } from '#geometry/spectral'
import { ritzTails } from '../../../../src-main/geometry/spectral/krylov/ritz-tails.ts'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'

const rowsOf = (matrix: Float64Array, n: number): Float64Array[] =>
  Array.from({ length: n }, (_, i) => matrix.slice(i * n, (i + 1) * n))

describe('ritzTails', () => {
  test('gives the values and last entries of the full decomposition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(1000), (n, seed) => {
        const rows = rowsOf(symmetricWithSpectrum(arithmetic(-3, 0.37, n), seed), n)
        const full = eigenSymmetric(rows)
        const { values, tails } = ritzTails(rows)
        full.values.forEach((value, i) => {
          expect(values[i]).toBeCloseTo(value, 11)
          expect(Math.abs(tails[0]![i]!)).toBeCloseTo(Math.abs(full.vectors[i]!.at(-1)!), 9)
        })
      }),
      { numRuns: 60, seed: 3 },
    )
  })

  test('gives as many last entries as asked for, each vector with signs of its own', () => {
    const n = 14
    const rows = rowsOf(symmetricWithSpectrum(arithmetic(-3, 0.37, n), 7), n)
    const full = eigenSymmetric(rows)
    for (const width of [2, 5, n]) {
      const { tails } = ritzTails(rows, width)
      expect(tails).toHaveLength(width)
      full.vectors.forEach((vector, i) => {
        const expected = vector.slice(n - width)
        const sign = Math.sign(expected.reduce((sum, x, k) => sum + x * tails[k]![i]!, 0))
        expected.forEach((x, k) => expect(sign * tails[k]![i]!).toBeCloseTo(x, 9))
      })
    }
  })

  test('handles zeros, arrows and blocks that do not meet', () => {
    const arrow = Array.from({ length: 8 }, (_, i) =>
      Array.from({ length: 8 }, (_, j) => (i === j ? i : i === 5 || j === 5 ? 0.5 : 0)),
    )
    const blocks = Array.from({ length: 6 }, (_, i) =>
      Array.from({ length: 6 }, (_, j) => (i === j ? i * i : i < 2 && j < 2 ? 1 : 0)),
    )
    const zero = Array.from({ length: 4 }, () => [0, 0, 0, 0])
    for (const rows of [arrow, blocks, zero, [[7]]]) {
      const { values, tails } = ritzTails(rows)
      eigenSymmetric(rows).values.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 12))
      expect(tails[0]!.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 12)
    }
  })

  test('scales with the matrix', () => {
    const stream = createStream(4, 'scale')
    const lower = Array.from({ length: 12 }, () =>
      arithmetic(0, 1, 12).map(() => stream.nextNormal()),
    )
    const rows = lower.map((row, i) => row.map((x, j) => (j <= i ? x : lower[j]![i]!)))
    const tiny = ritzTails(rows.map((row) => row.map((x) => 1e-150 * x)))
    ritzTails(rows).values.forEach((value, i) =>
      expect((tiny.values[i]! * 1e150) / value).toBeCloseTo(1, 10),
    )
  })

  test('gives of a list of rows that grows or changes what it gives of a copy', () => {
    const stream = createStream(5, 'growth')
    const rows: number[][] = []
    const look = (): void => {
      const copy = rows.map((row) => [...row])
      const got = ritzTails(rows)
      expect(got).toEqual(ritzTails(copy))
      eigenSymmetric(copy).values.forEach((value, i) =>
        expect(got.values[i]).toBeCloseTo(value, 11),
      )
    }
    const append = (entryOf: (k: number) => number): void => {
      const row = Array.from({ length: rows.length + 1 }, (_, k) => entryOf(k))
      rows.forEach((other, i) => other.push(row[i]!))
      rows.push(row)
      look()
    }
    const draw = (): number => stream.nextNormal()
    for (let size = 0; size < 24; size += 1) {
      // Dense rows between those of a tridiagonal matrix.
      append(size % 7 === 5 ? draw : (k) => (k >= size - 1 ? draw() : 0))
    }
    rows[4]![2]! += 1
    rows[2]![4]! += 1
    look()
  })
})
