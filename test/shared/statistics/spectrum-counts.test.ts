import { describe, expect, test } from 'vitest'
import {
  countNegative,
  massBelow,
  quadratureMoment,
  zeroMass,
  zeroThreshold,
  type Quadrature,
} from '#shared/statistics'

const epsilon = 2 ** -52
/** Eigenvalues in equal parts, as a probe sees them whose Krylov space closed. */
const exact = (
  values: readonly number[],
  atoms: readonly number[] = [],
  repeats = 1,
): Quadrature => ({
  nodes: [values],
  weights: [values.map(() => 1 / values.length)],
  atoms: atoms.map((value) => ({ value })),
  dimension: repeats * values.length + atoms.length,
  steps: values.length + 1,
})

describe('massBelow', () => {
  test('counts nodes and atoms by their shares', () => {
    const quadrature = exact([-2, -1, 1, 2], [-9, 7, 8], 3)
    expect(massBelow(quadrature, -5, 0.95).value).toBeCloseTo(1 / 15, 12)
    expect(massBelow(quadrature, 0, 0.95).value).toBeCloseTo(7 / 15, 12)
    expect(massBelow(quadrature, 7.5, 0.95).value).toBeCloseTo(14 / 15, 12)
  })

  test('has no error of steps in what is exact, and less of probes where there are more', () => {
    const few = exact([-1, 1], [], 50)
    const many = {
      ...few,
      nodes: [
        [-1, 1],
        [-1, 1],
        [-1, 1],
        [-1, 1],
      ],
    }
    const width = (quadrature: Quadrature): number => {
      const { lower, upper } = massBelow(quadrature, 0, 0.95)
      return upper - lower
    }
    // p(1 − p)/(n_v(n + 2)/2) at p = ½, n = 100
    expect(width(few)).toBeCloseTo(2 * 1.96 * Math.sqrt(0.25 / 51), 1)
    const weights = many.nodes.map(() => [0.5, 0.5])
    expect(width({ ...many, weights }) / width(few)).toBeCloseTo(0.5, 1)
  })

  test('needs the dimension', () => {
    expect(() => massBelow({ nodes: [[1]], weights: [[1]] }, 0, 0.95)).toThrow(
      'dimension is needed for an interval',
    )
  })
})

describe('zeroMass and countNegative', () => {
  test('tell zero from small by the largest eigenvalue and the rounding of products', () => {
    const quadrature = exact([-1e-3, -1e-7, 0, 0.5], [100])
    expect(zeroThreshold(quadrature, epsilon)).toBeCloseTo(1e-4, 12)
    expect(zeroThreshold(quadrature, 2 ** -23)).toBeCloseTo(50 * 2 ** -23 * 4 * 100, 12)
    const zero = zeroMass(quadrature, epsilon, 0.95)
    expect(zero.threshold).toBeCloseTo(1e-4, 12)
    expect(zero.value).toBeCloseTo(2 / 5, 12)
    const negative = countNegative(quadrature, epsilon, 0.95)
    expect(negative.value).toBeCloseTo(1, 12)
    // What cannot be told from zero may be negative.
    expect(negative.upper).toBeGreaterThanOrEqual(3)
    expect(negative.lower).toBeLessThan(1)
  })

  test('scale with the spectrum', () => {
    const quadrature = exact([-3, 0, 1, 2], [50], 10)
    const tiny = { ...quadrature, nodes: [[-3e-12, 0, 1e-12, 2e-12]], atoms: [{ value: 5e-11 }] }
    const [one, other] = [quadrature, tiny].map((q) => zeroMass(q, epsilon, 0.9))
    expect(other!.value).toBe(one!.value)
    expect(other!.lower).toBeCloseTo(one!.lower, 12)
    expect(other!.threshold / one!.threshold).toBeCloseTo(1e-12, 20)
  })

  test('of atoms alone beside one value have no error in them', () => {
    const quadrature = exact([3], [-1, -2, 0], 97)
    const negative = countNegative(quadrature, epsilon, 0.95)
    expect(negative.value).toBeCloseTo(2, 10)
    expect(negative.lower).toBeCloseTo(2, 10)
  })
})

describe('quadratureMoment', () => {
  test('adds atoms exactly, and has the error of spherical probes in the rest', () => {
    const quadrature = exact([1, 3], [10], 4)
    const { mean, standardError } = quadratureMoment(quadrature, 1)
    expect(mean).toBeCloseTo((8 * 2 + 10) / 9, 12)
    // 8/9·√(2·(5 − 4)/(8 + 2))
    expect(standardError).toBeCloseTo((8 / 9) * Math.sqrt(0.2), 12)
    expect(quadratureMoment(quadrature, 2).mean).toBeCloseTo((8 * 5 + 100) / 9, 12)
  })
})
