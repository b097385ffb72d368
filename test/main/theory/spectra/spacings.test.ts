import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { eigenSymmetric } from '#geometry/spectral'
import { gaussLegendre, meanSpacingRatio, spacingReferences, spacingScore } from '#theory/spectra'

const poisson = (count: number, seed: number): number[] => {
  const stream = createStream(seed, 'poisson')
  return Array.from({ length: count }, () => stream.nextUniform())
}

function goe(n: number, seed: number): Float64Array {
  const stream = createStream(seed, 'goe-spacings')
  const matrix = Array.from({ length: n }, () => new Float64Array(n))
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const value = stream.nextNormal() * (i === j ? Math.SQRT2 : 1)
      matrix[i]![j] = value
      matrix[j]![i] = value
    }
  }
  return eigenSymmetric(matrix).values
}

describe('meanSpacingRatio', () => {
  test('is the mean of ratios of gaps, whatever their order, place and scale', () => {
    // Gaps 1, 2, 4, 1: ratios ½, ½, ¼
    expect(meanSpacingRatio([8, 0, 3, 1, 7])).toEqual({ mean: 1.25 / 3, count: 3 })
    expect(meanSpacingRatio([18, 2, 8, 4, 16]).mean).toBe(1.25 / 3)
  })

  test('is 1 for equal gaps and 0 for equal eigenvalues', () => {
    expect(meanSpacingRatio([1, 2, 3, 4]).mean).toBe(1)
    expect(meanSpacingRatio([1, 1, 1, 1])).toEqual({ mean: 0, count: 2 })
  })

  test('refuses fewer than three, and what is not finite', () => {
    expect(() => meanSpacingRatio([1, 2])).toThrow('needs 3 eigenvalues or more, got 2')
    expect(() => meanSpacingRatio([1, 2, NaN])).toThrow('eigenvalues must be finite')
  })
})

describe('spacingReferences', () => {
  test('have the deviations of the densities they come from', () => {
    const { nodes, weights } = gaussLegendre(40, 0, 1)
    const deviation = (density: (r: number) => number): number => {
      const moment = (k: number) =>
        nodes.reduce((sum, r, i) => sum + weights[i]! * density(r) * r ** k, 0)
      expect(moment(0)).toBeCloseTo(1, 12)
      return Math.sqrt(moment(2) - moment(1) ** 2)
    }
    const surmise = (r: number) => (6.75 * (r + r * r)) / (1 + r + r * r) ** 2.5
    const { orthogonal, poisson: independent } = spacingReferences
    expect(orthogonal.deviation).toBeCloseTo(deviation(surmise), 9)
    expect(independent.deviation).toBeCloseTo(
      deviation((r) => 2 / (1 + r) ** 2),
      9,
    )
    expect(independent.mean).toBeCloseTo(0.3862943611, 10)
  })
})

describe('the inflation of independent eigenvalues', () => {
  test('is that of the correlation of two ratios of three exponential gaps', () => {
    const inner = gaussLegendre(60, 0, 1)
    const integral = (f: (t: number) => number): number =>
      inner.nodes.reduce((sum, t, i) => sum + inner.weights[i]! * f(t), 0)
    // Mean ratio of a gap x with a gap y: both x = y·t < y and x = y/t > y have the ratio t.
    const given = (y: number): number =>
      integral((t) => y * t * Math.exp(-y * t) + (y / t) * Math.exp(-y / t))
    // Over the gap y that both ratios share, y = u/(1 − u).
    const outer = gaussLegendre(200, 0, 1)
    const mean = (power: number): number =>
      outer.nodes.reduce((sum, u, i) => {
        const y = u / (1 - u)
        return sum + (outer.weights[i]! * given(y) ** power * Math.exp(-y)) / (1 - u) ** 2
      }, 0)
    const { mean: ratio, deviation, inflation } = spacingReferences.poisson
    expect(mean(1)).toBeCloseTo(ratio, 6)
    expect(inflation).toBeCloseTo(1 + (2 * (mean(2) - ratio ** 2)) / deviation ** 2, 5)
  })
})

describe('spacingScore', () => {
  test('is of unit variance over seeds on independent eigenvalues', () => {
    const seeds = 400
    const scores = Array.from({ length: seeds }, (_, seed) =>
      spacingScore(meanSpacingRatio(poisson(300, seed + 1)), spacingReferences.poisson),
    )
    const mean = scores.reduce((a, b) => a + b) / seeds
    const variance = scores.reduce((sum, z) => sum + (z - mean) ** 2, 0) / (seeds - 1)
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(seeds))
    // Taken for independent, ratios would give 1.31, 4.4 standard errors away.
    expect(Math.abs(variance - 1)).toBeLessThan(2.5 * Math.sqrt(2 / seeds))
  })

  test('accepts GOE matrices as orthogonal, with unit variance, and rejects Poisson', () => {
    const seeds = 40
    const ratios = Array.from({ length: seeds }, (_, seed) => {
      const values = goe(80, seed + 1)
      return meanSpacingRatio(values.slice(20, 60))
    })
    const scores = ratios.map((ratio) => spacingScore(ratio, spacingReferences.orthogonal))
    const mean = scores.reduce((a, b) => a + b) / seeds
    const variance = scores.reduce((sum, z) => sum + (z - mean) ** 2, 0) / (seeds - 1)
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(seeds))
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / seeds))
    const together = {
      mean: ratios.reduce((sum, ratio) => sum + ratio.mean, 0) / seeds,
      count: ratios.reduce((sum, ratio) => sum + ratio.count, 0),
    }
    expect(spacingScore(together, spacingReferences.poisson)).toBeGreaterThan(10)
  })
})
