import { describe, expect, test } from 'vitest'
import { betaMass, betaQuantile, betaTail, logGamma } from '#shared/statistics'

/** a, b, x, P(X ≤ x), P(X > x) by SciPy 1.x `stats.beta.cdf` and `.sf`. */
const law = [
  [0.5, 0.5, 0.3, 0.36901011956554536, 0.6309898804344546],
  [5, 5, 0.5, 0.5, 0.5],
  [2.5, 1.5, 0.9, 0.9021193570586202, 0.09788064294137976],
  [5, 495, 0.01, 0.5586254028011635, 0.44137459719883637],
  [5, 495, 0.05, 0.9999998241996567, 1.7580034327475877e-7],
  [0.5, 334852.5, 1e-6, 0.5868454660460835, 0.4131545339539167],
  [5, 334848, 1e-5, 0.2462962881678239, 0.7537037118321759],
  [5, 334848, 1e-4, 0.9999999998303364, 1.6966356902793456e-10],
  [50, 49999950, 1.3e-6, 0.9764876622452527, 0.023512337754747325],
  [1000, 2000, 0.35, 0.9729045043168851, 0.02709549568311508],
  [20, 3, 0.5, 6.0558319091796875e-5, 0.9999394416809082],
] as const

describe('the beta law', () => {
  test.each(law)('Beta(%d, %d) at %d has its mass and its tail', (a, b, x, mass, tail) => {
    expect(Math.abs(betaMass(x, a, b) / mass - 1)).toBeLessThan(1e-9)
    expect(Math.abs(betaTail(x, a, b) / tail - 1)).toBeLessThan(1e-9)
  })

  test.each([
    [5, 495, 0.95, 0.018249161688670502],
    [0.5, 0.5, 0.05, 0.0061558297024311365],
    [5, 334848, 0.95, 2.7335803843134104e-5],
    [50, 49999950, 0.95, 1.2434209951367307e-6],
    [2.5, 1.5, 0.5, 0.647547720122869],
  ])('Beta(%d, %d) has its quantile %d', (a, b, p, x) => {
    expect(Math.abs(betaQuantile(p, a, b) / x - 1)).toBeLessThan(1e-9)
  })

  test('is uniform for a = b = 1, a power for b = 1, and ends at 0 and 1', () => {
    expect(betaMass(0.37, 1, 1)).toBeCloseTo(0.37, 14)
    expect(betaMass(0.37, 3, 1)).toBeCloseTo(0.37 ** 3, 14)
    expect([betaMass(-1, 2, 3), betaMass(0, 2, 3), betaMass(1, 2, 3)]).toEqual([0, 0, 1])
    expect([betaTail(0, 2, 3), betaTail(2, 2, 3)]).toEqual([1, 0])
    expect(betaMass(NaN, 2, 3)).toBeNaN()
  })

  test('refuses what is no law', () => {
    expect(() => betaMass(0.5, 0, 1)).toThrow('a and b must be positive, got 0 and 1')
    expect(() => betaQuantile(1, 2, 3)).toThrow('p must be in (0, 1), got 1')
  })
})

describe('logGamma', () => {
  test.each([
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247001],
    [1.5, -0.12078223763524522],
    [11.5, 16.29200047656724],
    [100, 359.1342053695754],
  ])('of %d', (x, value) => {
    expect(Math.abs(logGamma(x) - value)).toBeLessThan(1e-14 * Math.max(1, Math.abs(value)))
  })
})
