import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { denseOperator } from '#geometry/operators'
import { checkMoments, estimateDensity, findOutliers, type DensityResult } from '#geometry/spectral'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'
import { layeredSpectrum } from '../../../support/spectra.ts'
import {
  breakingOperator,
  diagonalOperator,
  float32Space,
} from '../../../support/spectra-operators.ts'

const spectrum = layeredSpectrum(100, 290)
const operator = diagonalOperator(spectrum)
const fresh = createStream(1, 'fresh')
const density = (seed: number, probes = 4, steps = 30) =>
  estimateDensity(operator, { probes, steps, stream: createStream(seed, 'density') })

describe('checkMoments', () => {
  test('passes right quadratures, with z of unit variance', async () => {
    const trials = 300
    const squares = [0, 0]
    for (let seed = 0; seed < trials; seed += 1) {
      const right = await density(seed, 4, 3)
      const check = await checkMoments(operator, right, { stream: createStream(seed, 'fresh') })
      expect(check.passes).toBe(true)
      expect(check.products).toBe(8)
      ;[check.mean, check.square].forEach(({ z }, i) => (squares[i]! += z ** 2 / trials))
    }
    // The error of a mean of 300 squares is 8 %.
    squares.forEach((square) => expect(Math.abs(square - 1)).toBeLessThan(0.3))
  })

  test('says what both sides estimate, atoms included', async () => {
    const outliers = await findOutliers(operator, { stream: createStream(3, 'outliers') })
    expect(outliers.values.length).toBeGreaterThan(5)
    const stream = createStream(3, 'density')
    const right = await estimateDensity(operator, { probes: 4, steps: 30, stream, outliers })
    const { mean, square, passes } = await checkMoments(operator, right, {
      stream: fresh,
      outliers,
    })
    expect(passes).toBe(true)
    const n = spectrum.length
    const truth = [
      spectrum.reduce((sum, x) => sum + x, 0) / n,
      spectrum.reduce((sum, x) => sum + x * x, 0) / n,
    ]
    ;[mean, square].forEach(({ quadrature, reference }, i) => {
      for (const estimate of [quadrature, reference]) {
        expect(Math.abs(estimate.mean - truth[i]!)).toBeLessThan(4 * estimate.standardError)
        expect(estimate.standardError).toBeLessThan(0.2 * truth[i]!)
      }
    })
    expect(quadratureIsThatOf(right, mean.quadrature.mean, square.quadrature.mean)).toBe(true)
  })

  test.each<[string, (right: DensityResult) => Partial<DensityResult>]>([
    [
      'even weights',
      ({ weights }) => ({ weights: weights.map((row) => row.map(() => 1 / row.length)) }),
    ],
    [
      'roots of weights, normalized',
      ({ weights }) => ({
        weights: weights.map((row) => {
          const roots = row.map(Math.sqrt)
          const total = roots.reduce((sum, x) => sum + x, 0)
          return roots.map((x) => x / total)
        }),
      }),
    ],
    ['nodes twice as large', ({ nodes }) => ({ nodes: nodes.map((row) => row.map((x) => 2 * x)) })],
    ['nodes of the other sign', ({ nodes }) => ({ nodes: nodes.map((row) => row.map((x) => -x)) })],
    [
      'weights that sum to 1.00001',
      ({ weights }) => ({ weights: weights.map((row) => row.map((x) => 1.00001 * x)) }),
    ],
  ])('fails a quadrature with %s', async (_name, broken) => {
    const right = await density(7)
    const check = await checkMoments(operator, { ...right, ...broken(right) }, { stream: fresh })
    expect(check.passes).toBe(false)
    expect((await checkMoments(operator, right, { stream: fresh })).passes).toBe(true)
  })

  test('fails where outliers are no eigenvectors', async () => {
    const matrix = symmetricWithSpectrum(arithmetic(-1, 0.025, 81), 2)
    const dense = denseOperator(matrix)
    // Rayleigh quotients of unit vectors: products leave the complement.
    const vectors = new Float64Array(20 * 81)
    const values = Array.from({ length: 20 }, (_, i) => {
      vectors[i * 81 + i] = 1
      return matrix[i * 82]!
    })
    const outliers = { values, vectors }
    const stream = createStream(5, 'density')
    const wrong = await estimateDensity(dense, { probes: 20, steps: 30, stream, outliers })
    const check = await checkMoments(dense, wrong, { probes: 60, stream: fresh, outliers })
    expect(check.square.z).toBeLessThan(-4)
    expect(check.passes).toBe(false)
  })

  test('takes rounding for no difference where all eigenvalues are equal, or 0', async () => {
    for (const value of [3, 0]) {
      for (const space of [undefined, float32Space(50)]) {
        const equal = diagonalOperator(new Array<number>(50).fill(value), space)
        const stream = createStream(1, 'density')
        const right = await estimateDensity(equal, { probes: 2, steps: 5, stream })
        const check = await checkMoments(equal, right, { stream: fresh })
        expect(check.passes).toBe(true)
      }
    }
  })

  test('names a product that is not finite', async () => {
    const right = await density(1)
    await expect(
      checkMoments(breakingOperator(operator, 2), right, { stream: fresh }),
    ).rejects.toThrow('not a finite number in a product with a fresh probe')
  })
})

/** Whether the moments said are those of the result. */
const quadratureIsThatOf = (result: DensityResult, mean: number, square: number): boolean =>
  Math.abs(result.mean.mean - mean) < 1e-10 && Math.abs(result.square.mean - square) < 1e-8
