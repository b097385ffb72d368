import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { denseOperator } from '#geometry/operators'
import { estimateDensity, findOutliers, type Deflation } from '#geometry/spectral'
import {
  averagedLaw,
  smoothDensity,
  wassersteinDistance,
  weightedNodes,
  type PointLaw,
} from '#shared/statistics'
import { arithmetic, randomRotation, symmetricWithSpectrum } from '../../../support/matrices.ts'
import { digitsSpectrum, layeredSpectrum } from '../../../support/spectra.ts'
import {
  breakingOperator,
  diagonalOperator,
  float32Space,
} from '../../../support/spectra-operators.ts'

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const values = [...arithmetic(-1, 0.05, 40), 10, 20]
/** The eigenvectors of `symmetricWithSpectrum(values, seed)` at some indices. */
const pairsOf = (seed: number, indices: readonly number[]): Deflation => {
  const rotation = randomRotation(values.length, seed)
  return {
    values: indices.map((i) => values[i]!),
    vectors: Float64Array.from(indices.flatMap((i) => [...rotation[i]!])),
  }
}

describe('estimateDensity with outliers', () => {
  const operator = denseOperator(symmetricWithSpectrum(values, 1))
  const outliers = pairsOf(1, [41, 40, 0])
  const run = (probes: number, steps: number, seed = 1) =>
    estimateDensity(operator, { probes, steps, stream: createStream(seed, 'd'), outliers })

  test('counts them exactly and keeps probes out of their space', async () => {
    const result = await run(5, 39)
    expect(result.atoms.map(({ value }) => value)).toEqual([20, 10, -1])
    expect(result.orthogonalityLoss).toBeLessThan(1e-12)
    const rest = values.slice(1, 40)
    result.nodes.forEach((row, probe) => {
      // All steps of the complement: its eigenvalues, and nothing of the outliers.
      expect(row).toHaveLength(39)
      row.forEach((node, k) => expect(node).toBeCloseTo(rest[k]!, 8))
      expect(sum([...result.weights[probe]!])).toBeCloseTo(1, 12)
    })
    expect(sum(weightedNodes(result).map(({ weight }) => weight))).toBeCloseTo(1, 12)
  })

  test('has vᵀAʲv of the probe in the complement as moments up to 2m − 1', async () => {
    const steps = 6
    const result = await run(3, steps)
    for (let probe = 0; probe < 3; probe += 1) {
      const v = new Float64Array(values.length)
      fillNormal(v, createStream(1, 'd').fork('probe', probe))
      for (let k = 0; k < 3; k += 1) {
        const u = outliers.vectors.subarray(k * v.length, (k + 1) * v.length)
        const part = v.reduce((s, x, i) => s + x * u[i]!, 0)
        u.forEach((x, i) => (v[i]! -= part * x))
      }
      const length = v.reduce((s, x) => s + x * x, 0)
      let power = v.slice()
      for (let j = 0; j < 2 * steps; j += 1) {
        const expected = v.reduce((s, x, i) => s + x * power[i]!, 0) / length
        const found = result.nodes[probe]!.reduce(
          (s, node, k) => s + result.weights[probe]![k]! * node ** j,
          0,
        )
        expect(Math.abs(found - expected)).toBeLessThan(1e-12)
        const next = new Float64Array(v.length)
        await operator.apply(power, 1, next)
        power = next
      }
    }
  })

  test('estimates tr A/n and tr A²/n with the error that theory gives', async () => {
    const trials = 400
    const expected = [sum(values) / 42, sum(values.map((x) => x * x)) / 42]
    const squares = [0, 0]
    for (let seed = 0; seed < trials; seed += 1) {
      const { mean, square } = await run(2, 3, seed)
      ;[mean, square].forEach(({ mean: found, standardError }, i) => {
        squares[i]! += ((found - expected[i]!) / standardError) ** 2 / trials
      })
    }
    // E z² = 1; its error over 400 trials is √(2/400) = 7 %.
    squares.forEach((square) => expect(Math.abs(square - 1)).toBeLessThan(0.25))
  })

  test('gives the mass of a projector of rank 30 in 100 dimensions the variance of its Beta law', async () => {
    // Three more eigenvalues are taken out: probes see 100 dimensions.
    const projector = diagonalOperator([...arithmetic(0, 0, 70), ...arithmetic(1, 0, 30), 5, 6, 7])
    const vectors = new Float64Array(3 * 103)
    for (let k = 0; k < 3; k += 1) vectors[k * 103 + 100 + k] = 1
    const { nodes, weights } = await estimateDensity(projector, {
      probes: 4_000,
      steps: 2,
      stream: createStream(1, 'projector'),
      outliers: { values: [5, 6, 7], vectors },
    })
    const masses = nodes.map((row, probe) => weights[probe]![row.length - 1]!)
    const mean = sum(masses) / masses.length
    const variance = sum(masses.map((x) => (x - mean) ** 2)) / (masses.length - 1)
    expect(Math.abs(mean - 0.3)).toBeLessThan(4 * Math.sqrt(0.0041176471 / 4_000))
    // 2p(1 − p)/(d + 2); the error of 4,000 samples is 2.2 %.
    expect(Math.abs(variance / 0.0041176471 - 1)).toBeLessThan(0.09)
  })

  test('refuses vectors of another size, and as many as there are eigenvalues', async () => {
    const stream = createStream(1, 'd')
    const options = { probes: 1, steps: 2, stream }
    await expect(
      estimateDensity(operator, {
        ...options,
        outliers: { values: [1], vectors: new Float64Array(41) },
      }),
    ).rejects.toThrow('outliers.vectors must have shape [1, 42], got [41]')
    await expect(
      estimateDensity(diagonalOperator([1, 2]), {
        ...options,
        outliers: { values: [1, 2], vectors: Float64Array.of(1, 0, 0, 1) },
      }),
    ).rejects.toThrow('outliers must be fewer than 2, got 2')
  })
})

describe('findOutliers', () => {
  test('finds what stands off the bulk on both sides, and only that', async () => {
    const spectrum = layeredSpectrum(150, 440)
    const found = await findOutliers(diagonalOperator(spectrum), {
      top: 12,
      bottom: 4,
      maxProducts: 400,
      stream: createStream(1, 'outliers'),
    })
    // Rest: mean square (1 + γ)·440/590. Edge: 2·√(0.97) = 1.97; the bulk ends at (1 + √0.3)² = 2.4.
    const rest = spectrum.filter((x) => x > -1 && x < 5)
    const scale = Math.sqrt(sum(rest.map((x) => x * x)) / rest.length)
    expect(Math.abs(found.bulkScale / scale - 1)).toBeLessThan(0.2)
    const wanted = [60, 40, 25, 20, 15, 12, 9, 8]
    wanted.forEach((value, i) => expect(found.values[i]).toBeCloseTo(value, 2))
    found.values.forEach((value) => expect(Math.abs(value)).toBeGreaterThan(2 * found.bulkScale))
    found.residuals.forEach((residual, i) =>
      expect(residual).toBeLessThanOrEqual(1e-3 * Math.abs(found.values[i]!)),
    )
    expect(found.products).toBeLessThanOrEqual(400)
  })

  test('finds none in a bulk alone, and in zero', async () => {
    const uniform = diagonalOperator(arithmetic(-1, 0.005, 401))
    const stream = createStream(1, 'none')
    expect((await findOutliers(uniform, { top: 2, bottom: 2, stream })).values).toEqual([])
    const zero = await findOutliers(denseOperator(new Float64Array(900)), {
      top: 2,
      bottom: 1,
      stream,
    })
    expect(zero.values).toEqual([])
    expect(zero.bulkScale).toBe(0)
  })

  test('leaves an eigenvalue for the probes, also where there is but one', async () => {
    const stream = createStream(1, 'few')
    const one = await findOutliers(diagonalOperator([-3]), { stream })
    expect([one.values, one.bulkScale, one.products]).toEqual([[], 3, 2])
    const two = await findOutliers(diagonalOperator([100, 1]), { stream })
    expect(two.values).toHaveLength(1)
    expect(two.values[0]).toBeCloseTo(100, 10)
  })

  test('keeps what has converged when the budget ends', async () => {
    const spectrum = layeredSpectrum(150, 440)
    const found = await findOutliers(diagonalOperator(spectrum), {
      maxProducts: 28,
      stream: createStream(2, 'short'),
    })
    expect(found.products).toBeLessThanOrEqual(28)
    expect(found.values.length).toBeGreaterThan(0)
    expect(found.values.length).toBeLessThan(10)
    expect(found.values[0]).toBeCloseTo(60, 2)
  })

  test('refuses a budget that says nothing, and names a broken product', async () => {
    const operator = diagonalOperator(arithmetic(0, 1, 40))
    const stream = createStream(1, 'x')
    await expect(
      findOutliers(operator, { top: 3, bottom: 0, maxProducts: 7, stream }),
    ).rejects.toThrow('maxProducts must be 8 or more for 3 outliers, got 7')
    await expect(
      findOutliers(breakingOperator(operator, 3), { top: 3, bottom: 0, stream }),
    ).rejects.toThrow('not a finite number')
  })
})

describe('a trained network of 4,074 parameters', () => {
  const spectrum = digitsSpectrum()
  const truth: PointLaw = spectrum.map((value) => ({ value, weight: 1 / spectrum.length }))
  // Native spaces keep float32; here the products are exact.
  const operator = diagonalOperator(spectrum, float32Space(spectrum.length))

  test('is met at half the products as well as by plain quadrature', async () => {
    // Medians over 21 seeds are in test/bench/density-coverage.ts: 1.6·10⁻³ and 0.6·10⁻³.
    const plain = await estimateDensity(operator, {
      probes: 10,
      steps: 80,
      stream: createStream(1, 'plain'),
    })
    expect(plain.products).toBe(800)
    const outliers = await findOutliers(operator, { stream: createStream(1, 'outliers') })
    const density = await estimateDensity(operator, {
      probes: 4,
      steps: 80,
      stream: createStream(1, 'density'),
      outliers,
    })
    expect(outliers.products + density.products).toBeLessThanOrEqual(400)
    expect(density.orthogonalityLoss).toBeLessThan(1e-6)
    const distance = wassersteinDistance(weightedNodes(plain), truth)
    expect(wassersteinDistance(averagedLaw(density), truth)).toBeLessThan(0.8 * distance)
  })

  test('has its bulk resolved beside outliers 10⁴ times as far, on both logarithmic axes', async () => {
    // The bulk of the trained network, and two outliers far beyond it.
    const far = [...spectrum.slice(4, -14), 2e3, 3e3]
    const stream = createStream(4, 'far')
    const apart = diagonalOperator(far)
    const outliers = await findOutliers(apart, { top: 2, bottom: 0, tolerance: 1e-4, stream })
    expect(outliers.values).toHaveLength(2)
    const density = await estimateDensity(apart, { probes: 2, steps: 60, stream, outliers })
    const range = [-2, 0] as const
    for (const sign of [1, -1] as const) {
      const options = { coordinate: { kind: 'log', sign }, kernelDeviation: 0.2, range } as const
      const exact = smoothDensity(
        { nodes: [far], weights: [far.map(() => 1 / far.length)] },
        options,
      )
      const found = smoothDensity(density, { ...options, level: 0.95 })
      const [error, size] = exact.density.reduce(
        ([e, s], y, i) => [e + Math.abs(found.density[i]! - y), s + y],
        [0, 0],
      )
      expect(error / size).toBeLessThan(0.25)
    }
  })
})
