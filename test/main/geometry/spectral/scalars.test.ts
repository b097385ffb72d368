import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { countingOperator } from '#geometry/operators'
import {
  effectiveDimension,
  effectiveRank,
  estimateDensity,
  estimateTrace,
  goldilocksRatio,
  measureScalar,
  participationRatio,
  quadratureTridiagonal,
  type ScalarOptions,
  type ScalarQuantity,
} from '#geometry/spectral'
import { arithmetic } from '../../../support/matrices.ts'
import { rotatedOperator, studySpectra } from '../../../support/rotated-operator.ts'
import { diagonalOperator } from '../../../support/spectra-operators.ts'

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const stream = (seed: number) => createStream(seed, 'scalars')
const values = studySpectra.network(256)
const largest = Math.max(...values)
const squares = sum(values.map((x) => x ** 2))

const bulk = [...values].sort((a, b) => a - b).slice(3, -10)

/** What each quantity is, from the eigenvalues. */
const exact: Readonly<Record<ScalarQuantity, number>> = {
  'square-trace': squares,
  'effective-rank': sum(values) / largest,
  'participation-ratio': sum(values) ** 2 / squares,
  'effective-dimension': sum(values.map((x) => Math.abs(x) / (Math.abs(x) + 0.05 * largest))),
  // Without the ten largest and the three smallest, which stand off the rest too.
  'bulk-ratio': largest / Math.sqrt(sum(bulk.map((x) => x ** 2)) / bulk.length),
  'goldilocks-ratio': sum(values) / Math.sqrt(squares),
}
const quantities = Object.keys(exact) as ScalarQuantity[]
const measure = (
  quantity: ScalarQuantity,
  seed: number,
  settings: Partial<ScalarOptions> = {},
  spectrum: readonly number[] = values,
) =>
  measureScalar(rotatedOperator(spectrum, seed), {
    quantity,
    probes: 40,
    scale: 0.05,
    stream: stream(seed),
    ...settings,
  })

describe.each(quantities)('measureScalar: %s', (quantity) => {
  test('meets a precision of 3 %, and two standard errors hold the truth', async () => {
    let hits = 0
    for (let seed = 1; seed <= 10; seed += 1) {
      const { estimate, status, note } = await measure(quantity, seed, { precision: 0.03 })
      expect([status, note]).toEqual(['converged', ''])
      expect(estimate!.standardError).toBeLessThanOrEqual(0.03 * Math.abs(estimate!.mean))
      if (Math.abs(estimate!.mean - exact[quantity]) <= 2 * estimate!.standardError) hits += 1
    }
    // Of ten at 95.45 % less than seven happen once in 900 times.
    expect(hits).toBeGreaterThanOrEqual(7)
  })

  test('counts all its products and reports them as they are made', async () => {
    const seen: number[] = []
    const A = countingOperator(rotatedOperator(values, 1))
    const { products, status } = await measureScalar(A, {
      quantity,
      probes: 40,
      stream: stream(1),
      onProgress: (count) => seen.push(count),
    })
    expect(A.products).toBe(products)
    expect(seen.at(-1)).toBe(products)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(status).toBe('estimated')
  })

  test('says when the budget ends before the precision', async () => {
    const { estimate, status, note, products } = await measure(quantity, 1, {
      precision: 1e-4,
      maxProducts: 120,
      method: 'hutchinson',
    })
    expect(status).toBe('not-converged')
    expect(note).not.toBe('')
    expect(estimate).not.toBeNull()
    expect(products).toBeLessThanOrEqual(quantity === 'effective-dimension' ? 220 : 124)
  })

  test('of the zero operator is not defined, but for tr A²', async () => {
    const zero = diagonalOperator(new Array<number>(32).fill(0))
    const { estimate, status, note } = await measureScalar(zero, {
      quantity,
      probes: 40,
      stream: stream(1),
    })
    if (quantity === 'square-trace') {
      expect(estimate!.mean).toBe(0)
      return
    }
    expect([estimate, status]).toEqual([null, 'out-of-domain'])
    expect(note).not.toBe('')
  })
})

describe('ratios of traces', () => {
  test('of softmax regression at 0 are their closed forms (C − 1 copies of Σ/C)', async () => {
    // Eigenvalues λᵢ(Σ)/C, C − 1 times each, and d zeros: tr/‖·‖_F = √(C − 1)·tr Σ/‖Σ‖_F.
    const [classes, d] = [5, 24]
    const inputs = Array.from({ length: d }, (_, i) => 1 / (1 + i))
    const spectrum = [
      ...inputs.flatMap((value) => new Array<number>(classes - 1).fill(value / classes)),
      ...new Array<number>(d + 8).fill(0),
    ]
    const ratio = sum(inputs) / Math.sqrt(sum(inputs.map((x) => x ** 2)))
    const result = await estimateTrace(rotatedOperator(spectrum, 1), {
      method: 'xtrace',
      // The sketch spans the range of rank 96.
      probes: 220,
      stream: stream(1),
    })
    expect(goldilocksRatio(result).mean).toBeCloseTo(2 * ratio, 9)
    expect(participationRatio(result).mean).toBeCloseTo(4 * ratio ** 2, 8)
    const few = await estimateTrace(rotatedOperator(spectrum, 1), {
      method: 'xtrace',
      probes: 60,
      stream: stream(1),
    })
    const estimate = goldilocksRatio(few)
    expect(Math.abs(estimate.mean - 2 * ratio)).toBeLessThan(4 * estimate.standardError)
  })

  test('take the covariance of both traces into account', async () => {
    // Of c·I both traces are exact together; of one dominant eigenvalue they err together: (tr A)² and tr A² cancel.
    const dominant = [1000, ...new Array<number>(127).fill(0.01)]
    const result = await estimateTrace(diagonalOperator(dominant), {
      probes: 100,
      distribution: 'normal',
      stream: stream(3),
    })
    const participation = participationRatio(result)
    const { trace, squareTrace } = result
    const independent =
      participation.mean *
      Math.hypot(
        (2 * trace.standardError) / trace.mean,
        squareTrace.standardError / squareTrace.mean,
      )
    expect(participation.standardError).toBeLessThan(0.6 * independent)
  })

  test('an effective rank errs by its trace and by the residual of λmax', () => {
    const { mean, standardError } = effectiveRank(
      { mean: 100, standardError: 3 },
      { value: 10, residual: 0.4 },
    )
    expect(mean).toBe(10)
    expect(standardError).toBeCloseTo(0.5, 12)
  })

  test('of a spectrum without positive eigenvalues there is no effective rank', async () => {
    const negative = Array.from({ length: 32 }, (_, i) => -1 - i)
    for (const quantity of ['effective-rank', 'bulk-ratio'] as const) {
      const { estimate, note } = await measure(quantity, 1, {}, negative)
      expect(estimate).toBeNull()
      expect(note).toBe('the largest eigenvalue is not positive.')
    }
  })
})

describe('effectiveDimension', () => {
  test('of quadratures that are exact is exact, atoms included', () => {
    const quadrature = {
      nodes: [[-3, 1, 2]],
      weights: [[0.25, 0.25, 0.5]],
      atoms: [{ value: 9 }],
      dimension: 5,
      steps: 4,
    }
    const { mean, resolutionError } = effectiveDimension(quadrature, 1)
    expect(mean).toBeCloseTo(0.9 + 4 * (0.25 * 0.75 + 0.25 * 0.5 + (0.5 * 2) / 3), 12)
    expect(resolutionError).toBe(0)
  })

  test('does not take the rules for right where they agree by luck', () => {
    const steps = 20
    const diagonal = Array.from({ length: steps }, (_, i) => 0.1 * Math.sin(i))
    const { nodes, weights } = quadratureTridiagonal(diagonal, new Array<number>(19).fill(0.5))
    // Moved by up to a gap of nodes, the kink comes to lie where both rules give the same value.
    const errors = arithmetic(0, 0.0025, 60).map((shift) => {
      const moved = { nodes: [nodes.map((x) => x + shift)], weights: [weights] }
      return effectiveDimension({ ...moved, dimension: 1000, steps }, 0.01).resolutionError
    })
    expect(Math.min(...errors)).toBeGreaterThan(Math.max(...errors) / 5)
  })

  test('tells what it errs by: probes with many steps, steps with few', async () => {
    const decay = studySpectra.decay(1024)
    const run = (probes: number, steps: number) =>
      estimateDensity(diagonalOperator(decay), { probes, steps, stream: stream(1) })
    const fine = effectiveDimension(await run(2, 100), 0.01)
    const coarse = effectiveDimension(await run(2, 6), 0.01)
    expect(fine.resolutionError).toBeLessThan(0.1 * fine.samplingError)
    expect(coarse.resolutionError).toBeGreaterThan(10 * fine.resolutionError)
    const truth = sum(decay.map((x) => x / (x + 0.01)))
    expect(Math.abs(coarse.mean - truth)).toBeLessThan(4 * coarse.standardError)
    expect(Math.abs(fine.mean - truth)).toBeLessThan(4 * fine.standardError)
  })

  test('says so where the steps cannot resolve the scale', async () => {
    const { status, note } = await measure('effective-dimension', 1, {
      scale: 1e-5,
      steps: 5,
      precision: 0.001,
    })
    expect(status).toBe('not-converged')
    expect(note).toMatch(/^5 Lanczos steps leave an error of .*; take more of them/)
  })

  test('refuses a scale of 0', () => {
    const quadrature = { nodes: [[1]], weights: [[1]], dimension: 2 }
    expect(() => effectiveDimension(quadrature, 0)).toThrow('scale must be positive, got 0')
    expect(() => effectiveDimension({ nodes: [[1]], weights: [[1]] }, 1)).toThrow(
      'dimension is needed',
    )
  })
})
