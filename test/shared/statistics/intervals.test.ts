import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { jackknifeBand, jackknifeErrors, normalFactor, studentFactor } from '#shared/statistics'
import { scoreInterval, widenInterval } from '../../../src-shared/statistics/score-interval.ts'

describe('normalFactor and studentFactor', () => {
  // scipy.stats.norm.ppf and t.ppf at (1 + level)/2.
  test.each([
    [0.5, 0.6744897501960817],
    [0.9, 1.6448536269514722],
    [0.95, 1.959963984540054],
    [0.999, 3.2905267314919255],
  ])('of the normal law at %f', (level, expected) => {
    expect(Math.abs(normalFactor(level) / expected - 1)).toBeLessThan(2e-9)
  })

  test.each([
    [0.95, 1, 12.706204736432095],
    [0.95, 2, 4.302652729696142],
    [0.95, 3, 3.182446305284263],
    [0.95, 4, 2.7764451051977987],
    [0.95, 9, 2.2621571627409915],
    [0.95, 30, 2.0422724563012373],
    [0.5, 7, 0.7111417780883291],
    [0.999, 5, 6.868826625881145],
  ])("of Student's law at %f with %i degrees of freedom", (level, degrees, expected) => {
    expect(studentFactor(level, degrees)).toBeCloseTo(expected, 8)
  })

  test('meet where degrees of freedom are many', () => {
    expect(studentFactor(0.95, 300) / studentFactor(0.95, 301)).toBeCloseTo(1, 2)
    expect(studentFactor(0.95, 100_000)).toBe(normalFactor(0.95))
  })
})

describe('scoreInterval', () => {
  test("is Wilson's for a proportion", () => {
    const { lower, upper } = scoreInterval(17 / 20, 1, 20, normalFactor(0.95))
    expect(lower).toBeCloseTo(0.6395811353, 8)
    expect(upper).toBeCloseTo(0.9476312541, 8)
  })

  test('scales with its height, reaches beyond 0 only upwards, and has no width for a height of 0', () => {
    const one = scoreInterval(0.2, 1, 30, 2)
    const ten = scoreInterval(2, 10, 30, 2)
    expect(ten.lower).toBeCloseTo(10 * one.lower, 12)
    expect(ten.upper).toBeCloseTo(10 * one.upper, 12)
    const none = scoreInterval(0, 1, 30, 2)
    expect(none.lower).toBe(0)
    // z²/(draws + z²)
    expect(none.upper).toBeCloseTo(4 / 34, 12)
    expect(scoreInterval(0, 0, 30, 2)).toEqual({ value: 0, lower: 0, upper: 0 })
  })

  test('has its level for the mass of a few spherical probes on one eigenvector', () => {
    // v₁² of a unit vector of d = 500: Beta(1/2, 499/2). Means over 4 probes, true value 1/500.
    const [d, probes, trials] = [500, 4, 2000]
    const stream = createStream(7, 'mass')
    let covered = 0
    for (let trial = 0; trial < trials; trial += 1) {
      let mass = 0
      for (let probe = 0; probe < probes; probe += 1) {
        const first = stream.nextNormal() ** 2
        // χ² of 499 degrees by Wilson and Hilferty: its spread hardly matters.
        const rest = 499 * (1 - 2 / 4491 + stream.nextNormal() * Math.sqrt(2 / 4491)) ** 3
        mass += first / (first + rest) / probes
      }
      const { lower, upper } = scoreInterval(mass, 1, (probes * (d + 2)) / 2, normalFactor(0.95))
      if (lower <= 1 / d && 1 / d <= upper) covered += 1
    }
    // Binomial error of 2,000 trials: 0.5 %.
    expect(covered / trials).toBeGreaterThan(0.935)
    expect(covered / trials).toBeLessThan(0.97)
  })

  test('widens on both sides by an independent error, not below 0', () => {
    const wide = widenInterval({ value: 1, lower: 0.7, upper: 1.3 }, 0.4)
    expect(wide.lower).toBeCloseTo(0.5, 12)
    expect(wide.upper).toBeCloseTo(1.5, 12)
    expect(widenInterval({ value: 1, lower: 0.7, upper: 1.3 }, 5).lower).toBe(0)
  })
})

describe('jackknifeErrors', () => {
  const stream = createStream(2, 'jackknife')
  const samples = Array.from({ length: 12 }, () => stream.nextNormal())
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

  test('of a mean without one sample each is its standard error', () => {
    const curves = samples.map((_, left) => [mean(samples.filter((_x, i) => i !== left))])
    const spread = samples.reduce((sum, x) => sum + (x - mean(samples)) ** 2, 0) / 11
    expect(jackknifeErrors(curves)[0]).toBeCloseTo(Math.sqrt(spread / 12), 12)
  })

  test('make a band that covers the mean of normal data at its level', () => {
    const [groups, size, trials] = [8, 5, 2000]
    let covered = 0
    for (let trial = 0; trial < trials; trial += 1) {
      const data = Array.from({ length: groups }, () =>
        Array.from({ length: size }, () => 3 + stream.nextNormal()),
      )
      const value = mean(data.flat())
      const curves = data.map((_, left) => [mean(data.filter((_x, i) => i !== left).flat())])
      const { lower, upper } = jackknifeBand(
        { density: [value], lower: [value], upper: [value] },
        curves,
        0.9,
      )
      if (lower[0]! <= 3 && 3 <= upper[0]!) covered += 1
    }
    // Exact for normal data; three binomial errors of 2,000 trials are 2 %.
    expect(Math.abs(covered / trials - 0.9)).toBeLessThan(0.02)
  })

  test('add to a band over probes in squares', () => {
    const curve = { density: [1, 2], lower: [0.9, 1.7], upper: [1.1, 2.4] }
    const same = jackknifeBand(curve, [curve.density, curve.density], 0.95)
    same.lower.forEach((x, i) => expect(x).toBeCloseTo(curve.lower[i]!, 12))
    same.upper.forEach((x, i) => expect(x).toBeCloseTo(curve.upper[i]!, 12))
    // Two groups at ±0.01: se² = ½·2·0.01², t₁ = 12.7.
    const { upper, lower } = jackknifeBand(
      curve,
      [
        [1.01, 2],
        [0.99, 2],
      ],
      0.95,
    )
    expect(upper[0]).toBeCloseTo(1 + Math.hypot(0.1, 0.12706204736), 8)
    expect(lower[1]).toBeCloseTo(1.7, 12)
  })

  test('refuse a single group and curves of other lengths', () => {
    expect(() => jackknifeErrors([[1, 2]])).toThrow('curves must be 2 or more, got 1')
    expect(() => jackknifeErrors([[1, 2], [1]])).toThrow('curves must all have 2 points')
    expect(() =>
      jackknifeBand(
        { density: [1], lower: [1], upper: [1] },
        [
          [1, 2],
          [1, 3],
        ],
        0.95,
      ),
    ).toThrow('curves must have 1 points, got 2')
  })
})
