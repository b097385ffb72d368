import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  averagedLaw,
  quadratureTridiagonal,
  splitQuadrature,
  wassersteinDistance,
} from '#shared/statistics'

/** Tridiagonal matrices with positive off-diagonals. */
const tridiagonals = fc
  .array(
    fc.tuple(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
    ),
    { minLength: 3, maxLength: 12 },
  )
  .map((entries) => ({
    diagonal: entries.map(([x]) => x),
    offDiagonal: entries.slice(1).map(([, x]) => x),
  }))
const moment = (
  { nodes, weights }: { nodes: readonly number[]; weights: readonly number[] },
  power: number,
): number => nodes.reduce((sum, node, k) => sum + weights[k]! * node ** power, 0)

describe('splitQuadrature', () => {
  test('gives the rules of the tridiagonal matrix behind the quadrature', () => {
    fc.assert(
      fc.property(tridiagonals, ({ diagonal, offDiagonal }) => {
        const { gauss, antiGauss } = splitQuadrature(
          quadratureTridiagonal(diagonal, offDiagonal),
          false,
        )
        const expected = [
          [gauss, quadratureTridiagonal(diagonal.slice(0, -1), offDiagonal.slice(0, -1))],
          [
            antiGauss,
            quadratureTridiagonal(
              diagonal,
              offDiagonal.map((x, i) => (i === diagonal.length - 2 ? x * Math.SQRT2 : x)),
            ),
          ],
        ] as const
        for (const [found, wanted] of expected) {
          wanted.nodes.forEach((node, k) => expect(found.nodes[k]).toBeCloseTo(node, 10))
          wanted.weights.forEach((weight, k) => expect(found.weights[k]).toBeCloseTo(weight, 10))
        }
      }),
      { numRuns: 100, seed: 3 },
    )
  })

  test('gives rules whose mean has every moment up to 2k − 1, each erring as much as the other', () => {
    fc.assert(
      fc.property(tridiagonals, ({ diagonal, offDiagonal }) => {
        const k = diagonal.length
        const row = quadratureTridiagonal(diagonal, offDiagonal)
        const { gauss, antiGauss } = splitQuadrature(row, false)
        for (let power = 0; power < 2 * k; power += 1) {
          const scale = 3 ** power
          const mean = (moment(gauss, power) + moment(antiGauss, power)) / 2
          expect(Math.abs(mean - moment(row, power)) / scale).toBeLessThan(1e-12)
        }
        // Of degree 2k − 2 the Gauss rule of k − 1 points falls short by Π β².
        const short = offDiagonal.reduce((product, x) => product * x * x, 1)
        const [power, scale] = [2 * k - 2, 3 ** (2 * k - 2)]
        expect(Math.abs(moment(row, power) - moment(gauss, power) - short) / scale).toBeLessThan(
          1e-12,
        )
      }),
      { numRuns: 100, seed: 4 },
    )
  })

  test('takes no measure apart that is exact, or has one point', () => {
    const row = { nodes: [1, 2], weights: [0.25, 0.75] }
    expect(splitQuadrature(row, true)).toEqual({ gauss: row, antiGauss: row })
    const point = { nodes: [1], weights: [1] }
    expect(splitQuadrature(point, false)).toEqual({ gauss: point, antiGauss: point })
  })

  test('survives weights that are rounding', () => {
    const row = { nodes: [-1, 0, 1e-3, 0.5, 3], weights: [0.3, 0.7 - 3e-17, 1e-17, 1e-33, 2e-17] }
    const { gauss, antiGauss } = splitQuadrature(row, false)
    for (const rule of [gauss, antiGauss]) {
      expect(moment(rule, 0)).toBeCloseTo(1, 12)
      expect(moment(rule, 1)).toBeCloseTo(-0.3, 12)
      expect(moment(rule, 2)).toBeCloseTo(0.3, 12)
    }
  })
})

describe('wassersteinDistance', () => {
  const points = (values: readonly number[]) =>
    values.map((value) => ({ value, weight: 1 / values.length }))

  test('is the mean distance of sorted points, and a shift by its size', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ min: -5, max: 5, noNaN: true }),
            fc.double({ min: -5, max: 5, noNaN: true }),
          ),
          { minLength: 1, maxLength: 30 },
        ),
        (pairs) => {
          const [a, b] = [pairs.map(([x]) => x).sort((x, y) => x - y), pairs.map(([, y]) => y)]
          b.sort((x, y) => x - y)
          const expected = a.reduce((sum, x, i) => sum + Math.abs(x - b[i]!), 0) / a.length
          expect(wassersteinDistance(points(a), points(b))).toBeCloseTo(expected, 10)
        },
      ),
      { numRuns: 100, seed: 5 },
    )
    expect(wassersteinDistance(points([1, 2, 3]), points([3.5, 4.5, 5.5]))).toBeCloseTo(2.5, 12)
  })

  test('halves for a uniform law when its quadrature is averaged', () => {
    const k = 12
    const row = quadratureTridiagonal(
      new Array<number>(k).fill(0),
      Array.from({ length: k - 1 }, (_, i) => (i + 1) / Math.sqrt(4 * (i + 1) ** 2 - 1)),
    )
    const quadrature = { nodes: [row.nodes], weights: [row.weights] }
    const law = points(Array.from({ length: 20_000 }, (_, i) => (2 * i + 1) / 20_000 - 1))
    const plain = wassersteinDistance(
      row.nodes.map((value, i) => ({ value, weight: row.weights[i]! })),
      law,
    )
    const ratio = wassersteinDistance(averagedLaw(quadrature), law) / plain
    expect(ratio).toBeGreaterThan(0.4)
    expect(ratio).toBeLessThan(0.6)
  })
})
