import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { denseOperator } from '#geometry/operators'
import { eigenSymmetric, estimateDensity, estimateTrace } from '#geometry/spectral'
import { asinhScale, smoothDensity } from '#shared/statistics'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'

const values = [...arithmetic(-1, 0.05, 40), 10, 20]
const matrix = symmetricWithSpectrum(values, 1)
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const trace = sum(values)
const frobenius = sum(values.map((value) => value ** 2))

describe('estimateTrace', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('is within 4 standard errors (seed %i)', async (seed) => {
    const result = await estimateTrace(denseOperator(matrix), {
      probes: 100,
      stream: createStream(seed, 'trace'),
    })
    expect(Math.abs(result.trace.mean - trace)).toBeLessThan(4 * result.trace.standardError)
    expect(Math.abs(result.squareTrace.mean - frobenius)).toBeLessThan(
      4 * result.squareTrace.standardError,
    )
    expect(result.products).toBe(100)
  })

  test('has the variance that theory gives for signs and for normals', async () => {
    const diagonal = sum(Array.from({ length: 42 }, (_, i) => matrix[i * 43]! ** 2))
    for (const [distribution, expected] of [
      ['signs', 2 * (frobenius - diagonal)],
      ['normal', 2 * frobenius],
    ] as const) {
      const { samples } = await estimateTrace(denseOperator(matrix, 50), {
        probes: 10_000,
        stream: createStream(9, distribution),
        distribution,
      })
      const mean = sum([...samples]) / samples.length
      const variance = sum(samples.map((x) => (x - mean) ** 2)) / (samples.length - 1)
      expect(variance / expected).toBeGreaterThan(0.93)
      expect(variance / expected).toBeLessThan(1.07)
    }
  })

  test('does not depend on how many vectors the operator likes at once', async () => {
    const run = (rows: number) =>
      estimateTrace(denseOperator(matrix, rows), { probes: 7, stream: createStream(1, 't') })
    expect((await run(1)).samples).toEqual((await run(4)).samples)
  })
})

describe('estimateDensity', () => {
  const run = (probes: number, steps: number, seed = 1, rows = 4) =>
    estimateDensity(denseOperator(matrix, rows), {
      probes,
      steps,
      stream: createStream(seed, 'density'),
    })

  test('has weights that sum to 1, and vᵀAʲv/‖v‖² of each probe as moments up to 2m − 1', async () => {
    const steps = 12
    const { nodes, weights, weightSum } = await run(6, steps)
    expect(weightSum).toBeCloseTo(1, 12)
    expect(nodes).toHaveLength(6)
    const operator = denseOperator(matrix)
    for (const [probe, row] of nodes.entries()) {
      expect(sum([...weights[probe]!])).toBeCloseTo(1, 12)
      const v = new Float64Array(42)
      fillNormal(v, createStream(1, 'density').fork('probe', probe))
      const length = v.reduce((total, x) => total + x * x, 0)
      let power: Float64Array = v
      for (let j = 0; j < 2 * steps; j += 1) {
        const expected = v.reduce((total, x, i) => total + x * power[i]!, 0) / length
        const found = sum(row.map((node, k) => weights[probe]![k]! * node ** j))
        expect(Math.abs(found / expected - 1)).toBeLessThan(1e-10)
        const next = new Float64Array(42)
        await operator.apply(power, 1, next)
        power = next
      }
    }
  })

  test('at full depth has the eigenvalues of a Wishart matrix of order 40 as nodes', async () => {
    const n = 40
    const stream = createStream(6, 'wishart')
    const data = Array.from({ length: 2 * n }, () =>
      Float64Array.from({ length: n }, () => stream.nextNormal()),
    )
    const rows = Array.from({ length: n }, (_, i) =>
      Float64Array.from({ length: n }, (_x, j) =>
        data.reduce((total, x) => total + (x[i]! * x[j]!) / (2 * n), 0),
      ),
    )
    const { values: dense } = eigenSymmetric(rows)
    const { nodes } = await estimateDensity(
      denseOperator(Float64Array.from(rows.flatMap((row) => [...row]))),
      { probes: 2, steps: n, stream: createStream(6, 'density') },
    )
    for (const row of nodes) {
      expect(row).toHaveLength(n)
      row.forEach((node, k) => expect(Math.abs(node - dense[k]!)).toBeLessThan(1e-10))
    }
  })

  test('estimates tr A/n and tr A²/n within 4 standard errors', async () => {
    const { mean, square } = await run(80, 20)
    expect(Math.abs(mean.mean - trace / 42)).toBeLessThan(4 * mean.standardError)
    expect(Math.abs(square.mean - frobenius / 42)).toBeLessThan(4 * square.standardError)
  })

  test('gives half of the mass to each of two equal clusters', async () => {
    const clusters = [...new Array<number>(30).fill(1), ...new Array<number>(30).fill(5)]
    const { nodes, weights, products } = await estimateDensity(
      denseOperator(symmetricWithSpectrum(clusters, 2)),
      { probes: 40, steps: 30, stream: createStream(4, 'clusters') },
    )
    // Two eigenvalues close the Krylov space after two steps.
    expect(products).toBe(80)
    const shares = nodes.map((row, probe) =>
      sum(row.map((node, k) => (node > 3 ? weights[probe]![k]! : 0))),
    )
    const mean = sum(shares) / shares.length
    const deviation = Math.sqrt(sum(shares.map((x) => (x - mean) ** 2)) / 39 / 40)
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * deviation)
  })

  test('is zero times the identity on the zero operator', async () => {
    const result = await estimateDensity(denseOperator(new Float64Array(25)), {
      probes: 3,
      steps: 5,
      stream: createStream(1, 'zero'),
    })
    expect(result.nodes).toEqual([[0], [0], [0]])
    expect(result.products).toBe(3)
  })
})

describe('smoothDensity', () => {
  const integral = (x: readonly number[], y: readonly number[]): number =>
    sum(x.slice(1).map((value, i) => ((value - x[i]!) * (y[i]! + y[i + 1]!)) / 2))

  test('integrates to 1 on the linear and on the asinh axis', async () => {
    const quadrature = await estimateDensity(denseOperator(matrix), {
      probes: 8,
      steps: 15,
      stream: createStream(2, 'smooth'),
    })
    for (const coordinate of [
      { kind: 'linear' } as const,
      { kind: 'asinh', scale: asinhScale(quadrature) } as const,
    ]) {
      const curve = smoothDensity(quadrature, { coordinate })
      expect(integral(curve.u, curve.density)).toBeCloseTo(1, 6)
      curve.density.forEach((value, i) => {
        expect(value).toBeGreaterThanOrEqual(curve.lower[i]!)
        expect(value).toBeLessThanOrEqual(curve.upper[i]!)
      })
    }
  })

  test('resolves a bulk beside an outlier 10⁴ times its width on the asinh axis', () => {
    const bulk = arithmetic(-1, 0.1, 21)
    const nodes = [[...bulk, 1e4]]
    const weights = [nodes[0]!.map(() => 1 / 22)]
    const scale = asinhScale({ nodes, weights })
    const curve = smoothDensity({ nodes, weights }, { coordinate: { kind: 'asinh', scale } })
    const inBulk = curve.lambda.filter((lambda) => Math.abs(lambda) <= 1).length
    expect(inBulk).toBeGreaterThan(20)
  })

  test('has a band that covers the truth at about its level over seeds', async () => {
    const kernelDeviation = 0.5
    const at = (curve: { lambda: readonly number[] }): number =>
      curve.lambda.findIndex((lambda) => lambda >= 0)
    let covered = 0
    for (let seed = 0; seed < 60; seed += 1) {
      const quadrature = await estimateDensity(denseOperator(matrix, 10), {
        probes: 10,
        steps: 42,
        stream: createStream(seed, 'band'),
      })
      const curve = smoothDensity(quadrature, { coordinate: { kind: 'linear' }, kernelDeviation })
      const index = at(curve)
      const truth = smoothDensity(
        { nodes: [values], weights: [values.map(() => 1 / 42)] },
        { coordinate: { kind: 'linear' }, kernelDeviation },
      )
      const lambda = curve.lambda[index]!
      const nearest = truth.lambda.reduce(
        (best, x, i) => (Math.abs(x - lambda) < Math.abs(truth.lambda[best]! - lambda) ? i : best),
        0,
      )
      const expected = truth.density[nearest]!
      if (curve.lower[index]! <= expected && expected <= curve.upper[index]!) covered += 1
    }
    // 95 % nominal with 10 probes (t-law: 92 %); 60 trials.
    expect(covered).toBeGreaterThanOrEqual(49)
  })
})
