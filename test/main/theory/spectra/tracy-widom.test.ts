import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { eigenSymmetric } from '#geometry/spectral'
import { gaussLegendre, tracyWidomDistribution, tracyWidomMoments } from '#theory/spectra'
import { airy } from '../../../../src-main/theory/spectra/airy.ts'

describe('gaussLegendre', () => {
  test('integrates polynomials of degree 2·order − 1, and no more', () => {
    for (const order of [1, 2, 5, 20]) {
      const { nodes, weights } = gaussLegendre(order, -1, 3)
      const integral = (k: number): number =>
        nodes.reduce((sum, x, i) => sum + weights[i]! * ((x - 1) / 2) ** k, 0)
      for (let k = 0; k < 2 * order; k += 1) {
        expect(integral(k)).toBeCloseTo(k % 2 === 0 ? 4 / (k + 1) : 0, 13)
      }
      expect(Math.abs(integral(2 * order) - 4 / (2 * order + 1))).toBeGreaterThan(1e-15)
    }
  })
})

describe('airy', () => {
  test.each([
    // SciPy 1.x, special.airy
    [-14, -0.2659834827840779],
    [-10, 0.040241238486441955],
    [-2, 0.22740742820168564],
    [-0.1, 0.3808486681201215],
    [0, 0.3550280538878172],
    [0.25, 0.2911639543485452],
    [3, 0.006591139357460717],
    [16, 4.1568888289170346e-20],
  ])('of %d is that of SciPy', (x, expected) => {
    const scale = x < 0 ? 1 : expected
    expect(Math.abs(airy(x) - expected) / scale).toBeLessThan(1e-13)
  })
})

describe('tracyWidomDistribution', () => {
  test('has mean −1.2065335745820 and variance 1.607781034581', () => {
    const [low, high] = [-10, 14]
    const { nodes, weights } = gaussLegendre(64, low, high)
    // By parts: E s = high − ∫ F, E s² = high² − 2·∫ s·F
    let [mean, square] = [high, high * high]
    nodes.forEach((s, i) => {
      const f = weights[i]! * tracyWidomDistribution(s)
      mean -= f
      square -= 2 * s * f
    })
    expect(mean).toBeCloseTo(-1.206533574582, 11)
    expect(square - mean * mean).toBeCloseTo(1.607781034581, 10)
    expect(tracyWidomMoments).toEqual({ mean: -1.206533574582, variance: 1.607781034581 })
  })

  test('rises from 0 to 1', () => {
    const values = Array.from({ length: 20 }, (_, i) => tracyWidomDistribution(-8 + 0.8 * i))
    expect(values).toEqual(values.toSorted((a, b) => a - b))
    expect(values[0]).toBeGreaterThan(0)
    expect([-Infinity, -11, 17, Infinity].map(tracyWidomDistribution)).toEqual([0, 0, 1, 1])
    expect(tracyWidomDistribution(NaN)).toBeNaN()
  })

  test('has the right tail of its asymptotics', () => {
    // 1 − F₁(s) → e^(−⅔s^(3/2)) / (4√π·s^(3/4)); the next term is of relative order s^(−3/2).
    const s = 6
    const leading = Math.exp((-2 / 3) * s ** 1.5) / (4 * Math.sqrt(Math.PI) * s ** 0.75)
    const ratio = (1 - tracyWidomDistribution(s)) / leading
    expect(Math.abs(ratio - 1)).toBeLessThan(1.5 * s ** -1.5)
  })

  test.each([1, 2])('is the law of the largest eigenvalue of GOE matrices (seed %i)', (seed) => {
    const [n, draws] = [60, 150]
    const stream = createStream(seed, 'goe')
    const uniforms = Array.from({ length: draws }, () => {
      const matrix = Array.from({ length: n }, () => new Float64Array(n))
      for (let i = 0; i < n; i += 1) {
        for (let j = 0; j <= i; j += 1) {
          const value = stream.nextNormal() * Math.sqrt((i === j ? 2 : 1) / n)
          matrix[i]![j] = value
          matrix[j]![i] = value
        }
      }
      const largest = eigenSymmetric(matrix).values.at(-1)!
      return tracyWidomDistribution((largest - 2) * n ** (2 / 3))
    })
    // A uniform mean has deviation 0.289/√draws; finite n shifts by about 0.02.
    const mean = uniforms.reduce((a, b) => a + b) / draws
    expect(Math.abs(mean - 0.5)).toBeLessThan((4 * 0.289) / Math.sqrt(draws) + 0.02)
    const distance = uniforms
      .toSorted((a, b) => a - b)
      .reduce((worst, u, i) => Math.max(worst, Math.abs(u - (i + 0.5) / draws)), 0)
    // Kolmogorov's 0.1 % point is 1.95/√draws.
    expect(distance).toBeLessThan(1.95 / Math.sqrt(draws) + 0.02)
  })
})
