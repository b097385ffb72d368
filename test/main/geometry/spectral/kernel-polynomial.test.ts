import { describe, expect, test } from 'vitest'
import { kernelPolynomialDensity, kernelPolynomialMass } from '#geometry/spectral'
import { arithmetic } from '../../../support/matrices.ts'

const interval = { low: -3, high: 7 }
const [center, halfWidth] = [2, 5]
/** Chebyshev moments of a law of points. */
const momentsOf = (points: readonly number[], degree: number): number[] =>
  arithmetic(0, 1, degree + 1).map(
    (k) =>
      points.reduce((sum, x) => sum + Math.cos(k * Math.acos((x - center) / halfWidth)), 0) /
      points.length,
  )
/** ∫ f(λ)ρ(λ) dλ by the midpoint rule in θ: exact for polynomials of a degree below the number of points. */
function integrate(moments: readonly number[], f: (angle: number) => number): number {
  const points = 2000
  const angles = arithmetic(Math.PI / (2 * points), Math.PI / points, points)
  const density = kernelPolynomialDensity(
    moments,
    interval,
    angles.map((angle) => center + halfWidth * Math.cos(angle)),
  )
  return angles.reduce(
    (sum, angle, i) =>
      sum + (f(angle) * density[i]! * halfWidth * Math.sin(angle) * Math.PI) / points,
    0,
  )
}
const points = [-2.5, -1, 0.2, 0.3, 4, 6.5]

describe('kernelPolynomialDensity', () => {
  // peers.md T6: a peer lacks the factor 2 of the higher terms and the Jacobian of the interval.
  test('integrates to 1 and is nowhere negative', () => {
    const moments = momentsOf(points, 120)
    expect(integrate(moments, () => 1)).toBeCloseTo(1, 12)
    const density = kernelPolynomialDensity(moments, interval, arithmetic(-3.5, 0.01, 1101))
    density.forEach((value) => expect(value).toBeGreaterThanOrEqual(-1e-12))
    expect([density[0], density.at(-1)]).toEqual([0, 0])
  })

  test('has the mean of the law but for the damping, which is that of Jackson', () => {
    const [degree, moments] = [60, momentsOf(points, 60)]
    const mean = points.reduce((sum, x) => sum + x, 0) / points.length
    const factor = Math.cos(Math.PI / (degree + 2))
    const measured = integrate(moments, (angle) => center + halfWidth * Math.cos(angle))
    expect(measured).toBeCloseTo(center + factor * (mean - center), 10)
  })

  test('has the moments it was given, each damped by a factor between 0 and 1 that decreases', () => {
    const moments = momentsOf(points, 40)
    let last = 1
    for (let k = 1; k <= 40; k += 1) {
      const factor = integrate(moments, (angle) => Math.cos(k * angle)) / moments[k]!
      expect(factor).toBeLessThan(last)
      expect(factor).toBeGreaterThan(0)
      last = factor
    }
  })

  test('approaches the semicircle law, whose moments are 1, 0, −½, 0, …', () => {
    const moments = arithmetic(0, 1, 401).map((k) => (k === 0 ? 1 : k === 2 ? -0.5 : 0))
    const grid = arithmetic(-2.9, 0.1, 98)
    kernelPolynomialDensity(moments, interval, grid).forEach((value, i) => {
      const x = (grid[i]! - center) / halfWidth
      const exact = (2 * Math.sqrt(1 - x * x)) / (Math.PI * halfWidth)
      // 1 − g₂ ≈ 2(π/402)², on a term of size 1/(π√(1 − x²)·h).
      expect(Math.abs(value - exact)).toBeLessThan(
        (2 * (Math.PI / 402) ** 2) / (Math.PI * Math.sqrt(1 - x * x) * halfWidth),
      )
    })
  })

  test('puts a point where it is, with a deviation of π/(degree + 2) half-widths in angle', () => {
    const degree = 200
    const moments = momentsOf([center], degree)
    const square = integrate(moments, (angle) => Math.cos(angle) ** 2)
    expect(Math.sqrt(square) / (Math.PI / (degree + 2))).toBeCloseTo(1, 2)
    const grid = arithmetic(-2.9, 0.1, 98)
    const density = kernelPolynomialDensity(moments, interval, grid)
    expect(grid[density.indexOf(Math.max(...density))]).toBeCloseTo(center, 10)
  })
})

describe('kernelPolynomialMass', () => {
  test('is the integral of the density', () => {
    const moments = momentsOf(points, 50)
    expect(kernelPolynomialMass(moments, interval, -3)).toBeCloseTo(0, 12)
    expect(kernelPolynomialMass(moments, interval, 7)).toBeCloseTo(1, 12)
    expect(kernelPolynomialMass(moments, interval, 9)).toBeCloseTo(1, 12)
    const step = 1e-3
    for (const lambda of [-2, 0, 0.25, 3.3, 6.4]) {
      const slope =
        (kernelPolynomialMass(moments, interval, lambda + step) -
          kernelPolynomialMass(moments, interval, lambda - step)) /
        (2 * step)
      const [density] = kernelPolynomialDensity(moments, interval, [lambda])
      expect(Math.abs(slope - density!)).toBeLessThan(1e-4)
    }
  })

  test('tells how many of the points lie below a value', () => {
    const moments = momentsOf(points, 400)
    expect(kernelPolynomialMass(moments, interval, 2)).toBeCloseTo(4 / 6, 3)
    expect(kernelPolynomialMass(moments, interval, -1.8)).toBeCloseTo(1 / 6, 3)
  })
})
