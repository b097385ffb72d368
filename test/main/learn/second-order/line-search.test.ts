import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { searchLine, type LinePoint } from '../../../../src-main/learn/training/line-search.ts'

type Curve = (t: number) => readonly [value: number, slope: number]

const along =
  (curve: Curve) =>
  (step: number): LinePoint => {
    const [value, slope] = curve(step)
    return { step, value, slope }
  }

/** Value and slope of the fourth to sixth function of Moré and Thuente: flat ends, steep or hidden minima. */
const yanai =
  (beta1: number, beta2: number): Curve =>
  (t) => {
    const g = (beta: number): number => Math.sqrt(1 + beta * beta) - beta
    const [g1, g2] = [g(beta1), g(beta2)]
    const [a, b] = [Math.sqrt((1 - t) ** 2 + beta2 ** 2), Math.sqrt(t ** 2 + beta1 ** 2)]
    return [g1 * a + g2 * b, (g1 * (t - 1)) / a + (g2 * t) / b]
  }

/** The third: a parabola with l waves on its back, and a kink replaced by a parabola of radius β at 1. */
const wavy: Curve = (t) => {
  const [beta, waves] = [0.01, 39]
  const wave = (2 * (1 - beta)) / (waves * Math.PI)
  const phase = (waves * Math.PI * t) / 2
  let base: readonly [number, number]
  if (t <= 1 - beta) base = [1 - t, -1]
  else if (t >= 1 + beta) base = [t - 1, 1]
  else base = [(t - 1) ** 2 / (2 * beta) + beta / 2, (t - 1) / beta]
  return [base[0] + wave * Math.sin(phase), base[1] + (1 - beta) * Math.cos(phase)]
}

/** Moré and Thuente's six functions with the constants of their tables. */
const functions: readonly {
  readonly name: string
  readonly curve: Curve
  readonly decrease: number
  readonly curvature: number
}[] = [
  {
    name: 'a minimum in a concave curve',
    curve: (t) => [-t / (t * t + 2), (t * t - 2) / (t * t + 2) ** 2],
    decrease: 0.001,
    curvature: 0.1,
  },
  {
    name: 'a minimum that is hard to see from afar',
    curve: (t) => [
      (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
      5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3,
    ],
    decrease: 0.1,
    curvature: 0.1,
  },
  { name: 'waves on a kink', curve: wavy, decrease: 0.1, curvature: 0.1 },
  { name: 'two steep ends', curve: yanai(0.001, 0.001), decrease: 0.001, curvature: 0.001 },
  { name: 'a steep left end', curve: yanai(0.01, 0.001), decrease: 0.001, curvature: 0.001 },
  { name: 'a steep right end', curve: yanai(0.001, 0.01), decrease: 0.001, curvature: 0.001 },
]

describe('searchLine', () => {
  describe.each(functions)('on $name', ({ curve, decrease, curvature }) => {
    it.each([1e-3, 1e-1, 1e1, 1e3])(
      'satisfies the strong conditions from a first step of %d',
      async (firstStep) => {
        const [value, slope] = curve(0)
        const result = await searchLine(
          along(curve),
          { step: 0, value, slope },
          { firstStep, decrease, curvature, maxEvaluations: 60 },
        )
        expect(result.status).toBe('found')
        const { step } = result.point
        const [reached, flattened] = curve(step)
        expect(reached).toBeLessThanOrEqual(value + decrease * step * slope)
        expect(Math.abs(flattened)).toBeLessThanOrEqual(-curvature * slope)
      },
    )
  })

  it('lands at the minimum of a parabola at the second evaluation', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0.15, max: 0.95, noNaN: true }),
        fc.boolean(),
        async (minimum, ratio, isBeyond) => {
          const curve = along((t) => [(t - minimum) ** 2, 2 * (t - minimum)])
          const firstStep = isBeyond ? minimum / ratio : minimum * ratio
          const { point, evaluations } = await searchLine(curve, curve(0), {
            firstStep,
            curvature: 1e-9,
            decrease: 1e-10,
          })
          // A trial nearer to an end than a tenth may be moved once.
          expect(evaluations).toBeLessThanOrEqual(3)
          expect(point.step).toBeCloseTo(minimum, 7)
        },
      ),
      { seed: 5 },
    )
  })

  it('comes back from where the function is not a number', async () => {
    const curve = along((t) => (t > 3 ? [Number.NaN, Number.NaN] : [(t - 1) ** 2, 2 * (t - 1)]))
    const { status, point } = await searchLine(curve, curve(0), { firstStep: 100 })
    expect(status).toBe('found')
    expect(point.step).toBeLessThan(2)
  })

  it('finds by slopes what rounding of the values hides', async () => {
    const noise = 1e-3
    const curve = along((t) => [
      1 + noise * Math.sign(Math.sin(1e4 * t)) + 1e-6 * (t - 1) ** 2,
      2e-6 * (t - 1),
    ])
    const options = { firstStep: 7, curvature: 0.1, maxEvaluations: 20 }
    const { status, point } = await searchLine(curve, curve(0), {
      ...options,
      valueNoise: 2 * noise,
    })
    expect(status).toBe('found')
    expect(Math.abs(point.step - 1)).toBeLessThanOrEqual(0.1)
    expect((await searchLine(curve, curve(0), options)).status).not.toBe('found')
  })

  it('gives back the start and says so where everything else is higher', async () => {
    // The slope is a lie: no step is ever lower.
    const curve = along((t) => [t === 0 ? 0 : 1, -1])
    const { status, point, evaluations } = await searchLine(curve, curve(0), {
      firstStep: 1,
      maxEvaluations: 12,
    })
    expect(status).toBe('evaluations-used-up')
    expect(point.step).toBe(0)
    expect(evaluations).toBe(12)
  })

  it('stops at an interval that is not to be divided', async () => {
    const curve = along((t) => [t === 0 ? 0 : 1, -1])
    const { status } = await searchLine(curve, curve(0), { firstStep: 1, smallestInterval: 0.01 })
    expect(status).toBe('interval-too-small')
  })
})
