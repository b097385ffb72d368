import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { countingOperator, denseOperator, type LinearOperator } from '#geometry/operators'
import {
  chebyshevMoments,
  compareWithKernelPolynomials,
  enclosingInterval,
  estimateDensity,
  meanMoments,
  type ChebyshevMomentsOptions,
} from '#geometry/spectral'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'
import {
  breakingOperator,
  diagonalOperator,
  float32Space,
} from '../../../support/spectra-operators.ts'
import { layeredSpectrum } from '../../../support/spectra.ts'

const stream = createStream(5, 'chebyshev')
const options: ChebyshevMomentsOptions = { probes: 3, steps: 20, stream }
const spectrum = [...arithmetic(-1, 0.03, 90), -4, 6, 9]

/** The operator with its first products too small: what a start vector does that misses the ends of the spectrum. */
function understatedOperator(operator: LinearOperator, products: number): LinearOperator {
  let seen = 0
  return {
    ...operator,
    apply: async (input, rows, output) => {
      await operator.apply(input, rows, output)
      if (seen < products) output.forEach((x, i) => (output[i] = 0.7 * x))
      seen += rows
    },
  }
}

describe('chebyshevMoments', () => {
  test('equals vᵀTₖ(Ã)v in closed form, two moments a product', async () => {
    const A = countingOperator(diagonalOperator(spectrum))
    const interval = { low: -5, high: 10 }
    const { moments, products } = await chebyshevMoments(A, { ...options, interval })
    expect([A.products, products]).toEqual([60, 60])
    moments.forEach((row, probe) => {
      expect(row).toHaveLength(41)
      const v = new Float64Array(spectrum.length)
      fillNormal(v, stream.fork('probe', probe))
      const square = v.reduce((sum, x) => sum + x * x, 0)
      row.forEach((moment, k) => {
        const exact = spectrum.reduce(
          (sum, value, i) => sum + v[i]! ** 2 * Math.cos(k * Math.acos((value - 2.5) / 7.5)),
          0,
        )
        expect(moment).toBeCloseTo(exact / square, 13)
      })
    })
    expect(meanMoments({ moments })[7]).toBeCloseTo(
      (moments[0]![7]! + moments[1]![7]! + moments[2]![7]!) / 3,
      15,
    )
  })

  test('is the same for an operator scaled by 10⁻¹²', async () => {
    const plain = await chebyshevMoments(diagonalOperator(spectrum), options)
    // 24 for the interval.
    expect(plain.products).toBe(24 + 60)
    const tiny = await chebyshevMoments(diagonalOperator(spectrum.map((x) => 1e-12 * x)), options)
    expect(tiny.interval.high / plain.interval.high).toBeCloseTo(1e-12, 24)
    plain.moments.flat().forEach((moment, i) => {
      expect(tiny.moments.flat()[i]).toBeCloseTo(moment, 11)
    })
  })

  test('keeps probes and products in the complement of outliers', async () => {
    const outliers = { values: [9, 6], vectors: new Float64Array(2 * spectrum.length) }
    outliers.vectors[92] = 1
    outliers.vectors[spectrum.length + 91] = 1
    const interval = { low: -5, high: 3 }
    const { moments } = await chebyshevMoments(diagonalOperator(spectrum), {
      ...options,
      interval,
      outliers,
    })
    const rest = await chebyshevMoments(diagonalOperator(spectrum), { ...options, outliers })
    // Their interval is of the whole operator, so only the mean can be compared: vᵀAv.
    const [low, high] = [rest.interval.low, rest.interval.high]
    const means = [
      -1 + 4 * moments[0]![1]!,
      (low + high) / 2 + ((high - low) / 2) * rest.moments[0]![1]!,
    ]
    expect(means[0]).toBeCloseTo(means[1]!, 12)
    expect(means[0]).toBeLessThan(1)
  })

  test('refuses an interval that does not hold the spectrum, and one that is empty', async () => {
    const narrow = { low: -5, high: 8.5 }
    await expect(
      chebyshevMoments(diagonalOperator(spectrum), { ...options, interval: narrow }),
    ).rejects.toThrow('interval must hold the spectrum')
    await expect(
      chebyshevMoments(diagonalOperator(spectrum), { ...options, interval: { low: 1, high: 1 } }),
    ).rejects.toThrow('interval must have low < high, got [1, 1]')
    await expect(
      chebyshevMoments(diagonalOperator(spectrum), { ...options, steps: 0 }),
    ).rejects.toThrow('steps must be an integer of 1 or more, got 0')
  })

  test('widens an interval that it estimated too small', async () => {
    const A = understatedOperator(diagonalOperator(spectrum), 24)
    const { interval, moments } = await chebyshevMoments(A, options)
    expect(interval.low).toBeLessThan(-4)
    expect(interval.high).toBeGreaterThan(9)
    moments.flat().forEach((moment) => expect(Math.abs(moment)).toBeLessThanOrEqual(1))
  })

  test('handles the identity and the zero operator', async () => {
    for (const value of [0, 1, -3e-9]) {
      const A = diagonalOperator(new Array<number>(12).fill(value))
      const { moments, interval } = await chebyshevMoments(A, options)
      const x = (2 * value - interval.low - interval.high) / (interval.high - interval.low)
      expect(Math.abs(x)).toBeLessThan(1)
      moments[0]!.forEach((moment, k) => {
        expect(moment).toBeCloseTo(Math.cos(k * Math.acos(x)), 5)
      })
    }
  })

  test('names the step whose product is not finite, and stops when its signal says so', async () => {
    const broken = breakingOperator(diagonalOperator(spectrum), 10)
    const interval = { low: -5, high: 10 }
    await expect(chebyshevMoments(broken, { ...options, interval })).rejects.toThrow(
      "not a finite number in the operator's product at Chebyshev step 4",
    )
    const controller = new AbortController()
    const A = countingOperator(diagonalOperator(spectrum))
    const stopped = chebyshevMoments(A, {
      ...options,
      interval,
      signal: controller.signal,
      onProgress: (products) => {
        if (products === 9) controller.abort()
      },
    })
    await expect(stopped).rejects.toThrow('stopped on request')
    expect(A.products).toBe(9)
  })
})

describe('enclosingInterval', () => {
  test('holds random spectra with outliers and is not much wider', async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const values = [...layeredSpectrum(100, 400), -7, 3 * seed]
      const stream = createStream(seed, 'interval')
      const { low, high, products, scale } = await enclosingInterval(diagonalOperator(values), {
        stream,
      })
      expect(products).toBe(24)
      expect(scale).toBeCloseTo(60, 4)
      expect(low).toBeLessThan(-7)
      expect(high).toBeGreaterThan(60)
      expect(high - low).toBeLessThan(1.1 * 67)
    }
  })
})

describe('compareWithKernelPolynomials', () => {
  const both = async (operator: LinearOperator, steps: number, moments = steps) => ({
    density: await estimateDensity(operator, { probes: 3, steps, stream }),
    reference: await chebyshevMoments(operator, { probes: 3, steps: moments, stream }),
  })

  test('finds a quadrature and the moments of its probes equal to rounding', async () => {
    const values = layeredSpectrum(100, 300)
    for (const space of [undefined, float32Space(values.length)]) {
      const { density, reference } = await both(diagonalOperator(values, space), 40)
      const result = compareWithKernelPolynomials(density, reference)
      expect(result.degree).toBe(79)
      expect(result.agrees).toBe(true)
      expect(result.largestDifference).toBeLessThan(8 * 80 * reference.epsilon)
      // The law has a mean |λ| of 1.
      expect(result.distance).toBeLessThan(80 * 80 * reference.epsilon)
    }
  })

  test('compares as many degrees as the fewer steps allow, and all for a probe that closed', async () => {
    const { density, reference } = await both(
      denseOperator(symmetricWithSpectrum(spectrum, 3)),
      12,
      30,
    )
    const result = compareWithKernelPolynomials(density, reference)
    expect([result.degree, result.agrees]).toEqual([23, true])
    const levels = arithmetic(0, 1, 60).map((i) => i % 3)
    const closed = await both(diagonalOperator(levels), 25)
    expect(closed.density.nodes[0]).toHaveLength(3)
    expect(compareWithKernelPolynomials(closed.density, closed.reference).agrees).toBe(true)
  })

  test('finds a wrong weight, a wrong node, another probe and a value that is not a number', async () => {
    const { density, reference } = await both(diagonalOperator(spectrum), 20)
    const change = (rows: readonly (readonly number[])[], by: number) =>
      rows.map((row) => row.map((x, i) => (i === 9 ? x + by : x)))
    for (const broken of [
      { ...density, weights: change(density.weights, 1e-9) },
      { ...density, nodes: change(density.nodes, 1e-9) },
      { ...density, nodes: change(density.nodes, NaN) },
    ]) {
      expect(compareWithKernelPolynomials(broken, reference).agrees).toBe(false)
    }
    const other = await estimateDensity(diagonalOperator(spectrum), {
      probes: 3,
      steps: 20,
      stream: createStream(6, 'other'),
    })
    const result = compareWithKernelPolynomials(other, reference)
    expect(result.agrees).toBe(false)
    expect(result.distance).toBeGreaterThan(1e-3)
  })

  test('measures the distance of the laws in units of the eigenvalues', () => {
    // Two points 0.2 apart, far from the ends, against each other: damping moves none of them.
    const interval = { low: -1, high: 3 }
    const momentsAt = (value: number) => ({
      moments: [arithmetic(0, 1, 201).map((k) => Math.cos(k * Math.acos((value - 1) / 2)))],
      interval,
      steps: 100,
      epsilon: 2 ** -52,
      products: 0,
    })
    const point = { nodes: [[0.9]], weights: [[1]], steps: 100 }
    expect(compareWithKernelPolynomials(point, momentsAt(0.9)).agrees).toBe(true)
    const { distance } = compareWithKernelPolynomials(point, momentsAt(1.1))
    expect(distance).toBeCloseTo(0.2, 3)
  })

  test('refuses another number of probes', async () => {
    const { density, reference } = await both(diagonalOperator(spectrum), 5)
    const fewer = { ...reference, moments: reference.moments.slice(1) }
    expect(() => compareWithKernelPolynomials(density, fewer)).toThrow(
      'quadrature.nodes must have shape [2, steps], got [3]',
    )
  })
})
