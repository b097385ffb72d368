import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { denseOperator } from '#geometry/operators'
import { eigenSymmetric, estimateDensity, extremeEigenpairs } from '#geometry/spectral'
import {
  additiveSpike,
  integrateLaw,
  marchenkoPastur,
  marchenkoPasturTransform,
  meanSpacingRatio,
  multiplicativeSpike,
  semicircle,
  spacingReferences,
  spacingScore,
  type SpectralLaw,
} from '#theory/spectra'
import { goeMatrix, gramOf, meanOf, randomRows, rowsOf } from '../../support/random-matrices.ts'

/** Largest distance between the step function of the values and a law's distribution function. */
function lawDistance(values: ArrayLike<number>, law: SpectralLaw): number {
  const sorted = Float64Array.from(values).sort()
  let worst = 0
  sorted.forEach((value, i) => {
    const below =
      integrateLaw(law, (x) => (x <= value ? 1 : 0), 2000) + (value >= 0 ? law.atomAtZero : 0)
    const distances = [i, i + 1].map((k) => Math.abs(below - k / sorted.length))
    worst = Math.max(worst, ...distances)
  })
  return worst
}

const top = (matrix: Float64Array, count: number) =>
  extremeEigenpairs(denseOperator(matrix), {
    top: count,
    bottom: 0,
    tolerance: 1e-8,
    maxProducts: 2000,
    stream: createStream(5, 'top'),
  })

describe('no. 11: limit laws', () => {
  test('no. 11: a 200×400 sample covariance has the law of Marchenko and Pastur, and no other', () => {
    const { values } = eigenSymmetric(rowsOf(gramOf(randomRows(200, 400, 1), 400)))
    expect(lawDistance(values, marchenkoPastur({ ratio: 0.5, variance: 1 }))).toBeLessThan(0.02)
    const wrong = marchenkoPastur({ ratio: 0.4, variance: 1 })
    expect(lawDistance(values, wrong)).toBeGreaterThan(0.03)
  })

  test('no. 11: at ratio 1, where the density is infinite at 0, too', () => {
    const { values } = eigenSymmetric(rowsOf(gramOf(randomRows(200, 200, 2), 200)))
    expect(lawDistance(values, marchenkoPastur({ ratio: 1, variance: 1 }))).toBeLessThan(0.02)
  })

  test('no. 11: a GOE matrix has the semicircle with moments 1, 2, 5', () => {
    const n = 200
    const { values } = eigenSymmetric(rowsOf(goeMatrix(n, 3)))
    expect(lawDistance(values, semicircle({ center: 0, radius: 2 }))).toBeLessThan(0.02)
    // E tr H²/n = 1 + 1/n; a linear statistic's deviation is O(1/n): 2/n, 6/n, 20/n and more.
    for (const [k, moment, room] of [
      [2, 1, 8],
      [4, 2, 32],
      [6, 5, 120],
    ] as const) {
      const measured = values.reduce((sum, x) => sum + x ** k / n, 0)
      expect(Math.abs(measured - moment)).toBeLessThan(room / n)
    }
  })
})

describe('no. 12: the spectra of Papyan’s Figure 15', () => {
  const [n, repeats, spikes] = [300, 10, [5, 4, 3]]
  const bulk = marchenkoPasturTransform({ ratio: 1, variance: 1 })
  /** diag(5, 4, 3, 0, …) + ZZᵀ/n */
  const matrices = Array.from({ length: repeats }, (_, repeat) => {
    const matrix = gramOf(randomRows(n, n, 20 + repeat), n)
    spikes.forEach((theta, i) => (matrix[i * n + i]! += theta))
    return matrix
  })

  test('no. 12: (a) outliers lie at θ + θ/(θ − 1) = 6.25, 5.333, 4.5, with the overlaps predicted', async () => {
    const found = await Promise.all(matrices.map((matrix) => top(matrix, 4)))
    for (const [i, theta] of spikes.entries()) {
      const { location, squaredOverlap, threshold } = additiveSpike(bulk, theta)
      expect(location).toBeCloseTo(theta + theta / (theta - 1), 12)
      expect(threshold).toBeCloseTo(2, 12)
      const value = meanOf(found.map((result) => result.top[i]!.value))
      expect(Math.abs(value.mean - location)).toBeLessThan(4 * value.error)
      const overlap = meanOf(found.map(({ vectors }) => vectors[i * n + i]! ** 2))
      expect(Math.abs(overlap.mean - squaredOverlap)).toBeLessThan(4 * overlap.error)
      // Fluctuations of order N^(−½), and not of order 1.
      expect(value.error * Math.sqrt(repeats)).toBeLessThan(10 / Math.sqrt(n))
    }
    // No fourth outlier: the next is at the bulk's edge, within the scale 2^(4/3)·n^(−2/3) of Tracy and Widom.
    const next = meanOf(found.map((result) => result.top[3]!.value))
    expect(Math.abs(next.mean - 4)).toBeLessThan(4 * 2 ** (4 / 3) * n ** (-2 / 3))
  })

  test('no. 12: (a) the bulk is Marchenko and Pastur’s law at ratio 1 on [0, 4]', async () => {
    const law = marchenkoPastur({ ratio: 1, variance: 1 })
    const shares = await Promise.all(
      matrices.map(async (matrix, repeat) => {
        const { nodes, weights } = await estimateDensity(denseOperator(matrix), {
          probes: 1,
          steps: 64,
          stream: createStream(30 + repeat, 'papyan'),
        })
        return [0.25, 1, 2, 3].map((x) =>
          nodes[0]!.reduce((sum, node, k) => sum + (node <= x ? weights[0]![k]! : 0), 0),
        )
      }),
    )
    for (const [i, x] of [0.25, 1, 2, 3].entries()) {
      const expected = (1 - spikes.length / n) * integrateLaw(law, (y) => (y <= x ? 1 : 0))
      const { mean } = meanOf(shares.map((row) => row[i]!))
      // A probe's share of mass p has variance 2p(1 − p)/(n + 2) (theory, A6); a step of 64 nodes is smaller.
      const error = Math.sqrt((2 * expected * (1 - expected)) / (n + 2) / repeats)
      expect(Math.abs(mean - expected)).toBeLessThan(4 * error + 1 / 64)
    }
  })

  test('no. 12: (b) a heavy tail over many decades is resolved in the logarithm', async () => {
    const [p, columns] = [200, 400]
    // Pareto(1, 1): 1/uniform
    const rows = randomRows(p, columns, 40, (stream) => 1 / (1 - stream.nextUniform()))
    const matrix = gramOf(rows, columns)
    const { values } = eigenSymmetric(rowsOf(matrix))
    expect(values.at(-1)! / values[0]!).toBeGreaterThan(1e5)
    const probes = 10
    const { nodes, weights } = await estimateDensity(denseOperator(matrix), {
      probes,
      steps: 100,
      stream: createStream(41, 'pareto'),
    })
    for (const share of [0.25, 0.5, 0.75, 0.9]) {
      const edge = values[Math.floor(share * p)]!
      const mass = nodes.reduce(
        (sum, line, probe) =>
          sum + line.reduce((s, node, k) => s + (node <= edge ? weights[probe]![k]! : 0), 0),
        0,
      )
      const error = Math.sqrt((2 * share * (1 - share)) / (p + 2) / probes)
      expect(Math.abs(mass / probes - share)).toBeLessThan(4 * error + 1 / 100)
    }
  })
})

describe('no. 13: spikes of a covariance', () => {
  const [p, n, repeats] = [150, 600, 10]

  test.each([2.5, 4])(
    'no. 13: ℓ = %d above 1 + √γ lies at ℓ(1 + γ/(ℓ − 1)) with the overlap predicted',
    async (strength) => {
      const found = await Promise.all(
        Array.from({ length: repeats }, async (_, repeat) => {
          const rows = randomRows(p, n, 100 * strength + repeat)
          rows[0] = rows[0]!.map((x) => Math.sqrt(strength) * x)
          const { top: pairs, vectors } = await top(gramOf(rows, n), 1)
          return { value: pairs[0]!.value, overlap: vectors[0]! ** 2 }
        }),
      )
      const ratio = p / n
      const law = multiplicativeSpike({ ratio, variance: 1, strength })
      const value = meanOf(found.map((one) => one.value))
      const overlap = meanOf(found.map((one) => one.overlap))
      expect(law.isOutlier).toBe(true)
      expect(Math.abs(value.mean - law.location)).toBeLessThan(4 * value.error)
      expect(Math.abs(overlap.mean - law.squaredOverlap)).toBeLessThan(4 * overlap.error)
      // The errors tell the prediction from the spike itself, which is no prediction.
      expect(Math.abs(value.mean - strength)).toBeGreaterThan(4 * value.error)
    },
  )

  test('T15: the threshold is 1 + √γ and not the edge (1 + √γ)²', () => {
    const ratio = 0.25
    const of = (strength: number) => multiplicativeSpike({ ratio, variance: 1, strength })
    expect(of(1).threshold).toBe(1.5)
    // Between the two: what a tool with the wrong threshold misses.
    expect(of(1.2 * 1.5)).toMatchObject({ isOutlier: true })
    expect(of(1.2 * 1.5).location).toBeGreaterThan(1.5 ** 2)
    expect(of(0.8 * 1.5)).toMatchObject({ isOutlier: false, location: 1.5 ** 2 })
  })
})

describe('no. 14: spacings', () => {
  test('no. 14: GOE matrices have a mean ratio of 0.5307, independent eigenvalues 2·ln 2 − 1', () => {
    const ratios = Array.from({ length: 8 }, (_, seed) => {
      const { values } = eigenSymmetric(rowsOf(goeMatrix(160, 60 + seed)))
      return meanSpacingRatio(values.slice(40, 120))
    })
    const goe = {
      mean: ratios.reduce((sum, ratio) => sum + ratio.mean / ratios.length, 0),
      count: ratios.reduce((sum, ratio) => sum + ratio.count, 0),
    }
    expect(Math.abs(spacingScore(goe, spacingReferences.orthogonal))).toBeLessThan(4)
    expect(Math.abs(spacingScore(goe, spacingReferences.poisson))).toBeGreaterThan(4)
    const independent = meanSpacingRatio(randomRows(1, 2000, 70, (s) => s.nextUniform())[0]!)
    expect(Math.abs(spacingScore(independent, spacingReferences.poisson))).toBeLessThan(4)
    expect(Math.abs(spacingScore(independent, spacingReferences.orthogonal))).toBeGreaterThan(4)
  })
})
