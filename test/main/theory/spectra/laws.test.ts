import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { eigenSymmetric } from '#geometry/spectral'
import {
  divergence,
  integrateLaw,
  marchenkoPastur,
  semicircle,
  type SpectralLaw,
} from '#theory/spectra'

const laws: [string, SpectralLaw][] = [
  ['Marchenko–Pastur, ratio 0.25', marchenkoPastur({ ratio: 0.25, variance: 1 })],
  ['Marchenko–Pastur, ratio 0.5, variance 2', marchenkoPastur({ ratio: 0.5, variance: 2 })],
  ['Marchenko–Pastur, ratio 1', marchenkoPastur({ ratio: 1, variance: 1 })],
  ['Marchenko–Pastur, ratio 2', marchenkoPastur({ ratio: 2, variance: 1 })],
  ['semicircle about 0', semicircle({ center: 0, radius: 2 })],
  ['semicircle about 3', semicircle({ center: 3, radius: 0.7 })],
]

describe.each(laws)('%s', (_, law) => {
  const [low, high] = law.support

  test('integrates to 1 with its atom, and has no density outside its support', () => {
    expect(integrateLaw(law, () => 1) + law.atomAtZero).toBeCloseTo(1, 9)
    expect([law.density(low - 1e-9), law.density(high + 1e-9)]).toEqual([0, 0])
  })

  test('has the moments its formula says', () => {
    for (let k = 1; k <= 6; k += 1) {
      const size = high ** k
      expect(integrateLaw(law, (x) => x ** k) / size).toBeCloseTo(law.moment(k) / size, 9)
    }
    expect(law.moment(0)).toBe(1)
  })

  test('has a Cauchy transform whose imaginary part at the axis is −π times the density', () => {
    for (const share of [0.2, 0.5, 0.8]) {
      const x = low + share * (high - low)
      const { im } = law.cauchyTransform({ re: x, im: 1e-9 })
      expect(-im / Math.PI).toBeCloseTo(law.density(x), 6)
    }
  })

  test('has a Cauchy transform that is E 1/(z − λ), near and far', () => {
    for (const z of [
      { re: low - 0.3, im: 0.1 },
      { re: (low + high) / 2, im: 0.5 },
      { re: high + 2, im: 3 },
    ]) {
      const got = law.cauchyTransform(z)
      const square = (x: number): number => (z.re - x) ** 2 + z.im ** 2
      const atom = law.atomAtZero / square(0)
      const re = integrateLaw(law, (x) => (z.re - x) / square(x)) + atom * z.re
      const im = integrateLaw(law, (x) => -z.im / square(x)) - atom * z.im
      expect(got.re).toBeCloseTo(re, 8)
      expect(got.im).toBeCloseTo(im, 8)
    }
  })

  test('has a Cauchy transform of 1/z + m₁/z² + m₂/z³ far away, to 12 digits', () => {
    // z = iy: G = −i/y − m₁/y² + i·m₂/y³ + O(y⁻⁴)
    const y = 1e5
    const { re, im } = law.cauchyTransform({ re: 0, im: y })
    expect(Math.abs(im * y + 1 - law.moment(2) / y ** 2)).toBeLessThan(1e-12)
    expect(Math.abs(re * y + law.moment(1) / y)).toBeLessThan(1e-12)
  })
})

describe('marchenkoPastur', () => {
  test('has the densities, moments and transform of the reference table', () => {
    const at = (ratio: number, variance: number, x: number): number =>
      marchenkoPastur({ ratio, variance }).density(x)
    expect(at(0.5, 1, 1)).toBeCloseTo(0.4210843993, 9)
    expect(at(0.25, 1, 1)).toBeCloseTo(0.6164044441, 9)
    expect(at(2, 1, 1)).toBeCloseTo(0.1591549431, 9)
    expect(at(0.5, 2, 3)).toBeCloseTo(0.1500527194, 9)
    const half = marchenkoPastur({ ratio: 0.5, variance: 1 })
    expect([1, 2, 3, 4].map((k) => half.moment(k))).toEqual([1, 1.5, 2.75, 5.625])
    const { re, im } = half.cauchyTransform({ re: 1, im: 0.5 })
    expect([re, im]).toEqual([expect.closeTo(0.1703243955, 9), expect.closeTo(-1.0102153218, 9)])
  })

  test('near its atom has a Cauchy transform of that mass over z', () => {
    const law = marchenkoPastur({ ratio: 4, variance: 1 })
    const { im } = law.cauchyTransform({ re: 0, im: 1e-9 })
    expect(law.atomAtZero).toBe(0.75)
    expect(-im * 1e-9).toBeCloseTo(0.75, 8)
  })

  test.each([1, 2, 3, 4])('is the law of a sample covariance (KS test, seed %i)', (seed) => {
    const [p, n] = [100, 200]
    const stream = createStream(seed, 'covariance')
    const x = Array.from({ length: p }, () =>
      Float64Array.from({ length: n }, () => stream.nextNormal()),
    )
    const gram = x.map((a) => x.map((b) => a.reduce((sum, value, k) => sum + value * b[k]!, 0) / n))
    const law = marchenkoPastur({ ratio: p / n, variance: 1 })
    const distance = eigenSymmetric(gram).values.reduce((worst, value, i) => {
      const below = integrateLaw(law, (lambda) => (lambda <= value ? 1 : 0), 4000)
      return Math.max(worst, Math.abs(below - i / p), Math.abs(below - (i + 1) / p))
    }, 0)
    // A step is 0.01; eigenvalues are rigid, so the distance is a few steps, not 1/√p.
    expect(distance).toBeLessThan(0.04)
  })

  test.each([1, 0.99, 1.01])(
    'at ratio %d, where the density is infinite or nearly so at 0, integrates to its moments',
    (ratio) => {
      const law = marchenkoPastur({ ratio, variance: 1 })
      for (const points of [1000, 20_000]) {
        expect(integrateLaw(law, () => 1, points) + law.atomAtZero).toBeCloseTo(1, 4)
        for (const k of [1, 2, 3, 4]) {
          expect(integrateLaw(law, (x) => x ** k, points)).toBeCloseTo(law.moment(k), 11)
        }
      }
      expect(integrateLaw(law, () => 1) + law.atomAtZero).toBeCloseTo(1, 12)
    },
  )

  test('refuses a ratio or a variance that is not above 0', () => {
    expect(() => marchenkoPastur({ ratio: 0, variance: 1 })).toThrow('ratio must be above 0, got 0')
    expect(() => marchenkoPastur({ ratio: 1, variance: NaN })).toThrow(
      'variance must be above 0, got NaN',
    )
  })
})

describe('semicircle', () => {
  const of = (radius: number) => semicircle({ center: 0, radius })

  test('has Catalan moments and the divergences of the reference table', () => {
    expect([2, 4, 6, 8].map((k) => of(2).moment(k))).toEqual([1, 2, 5, 14])
    expect(divergence(of(1), of(2))).toBeCloseTo(0.5334380793, 8)
    expect(divergence(of(1), of(1.5))).toBeCloseTo(0.2755575492, 8)
  })

  test('diverges infinitely from a law that is 0 where it is not', () => {
    expect(divergence(of(2), of(1))).toBe(Infinity)
    expect(divergence(of(1), of(1))).toBe(0)
  })

  test('refuses a radius that is not above 0', () => {
    expect(() => of(-1)).toThrow('radius must be above 0, got -1')
  })
})
