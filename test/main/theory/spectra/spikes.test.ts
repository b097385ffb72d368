import { describe, expect, test } from 'vitest'
import {
  additiveSpike,
  addTransforms,
  integrateLaw,
  marchenkoPastur,
  marchenkoPasturTransform,
  multiplicativeSpike,
  semicircle,
  semicircleTransform,
  type RTransform,
  type SpectralLaw,
} from '#theory/spectra'

/** Pennington and Bahri's Wishart plus Wigner with ε = 0.1 and φ = 0.25. */
const wishartPlusWigner = addTransforms(
  marchenkoPasturTransform({ ratio: 0.25, variance: 1 }),
  semicircleTransform({ center: 0, radius: 2 * Math.sqrt(0.2) }),
)

const laws: [string, RTransform, SpectralLaw][] = [
  [
    'semicircle',
    semicircleTransform({ center: 0.5, radius: 1.5 }),
    semicircle({ center: 0.5, radius: 1.5 }),
  ],
  [
    'Marchenko–Pastur, ratio 0.3',
    marchenkoPasturTransform({ ratio: 0.3, variance: 2 }),
    marchenkoPastur({ ratio: 0.3, variance: 2 }),
  ],
  [
    'Marchenko–Pastur, ratio 2',
    marchenkoPasturTransform({ ratio: 2, variance: 1 }),
    marchenkoPastur({ ratio: 2, variance: 1 }),
  ],
]

/** G outside the support, by quadrature of the density. */
const cauchy = (law: SpectralLaw, z: number): number =>
  integrateLaw(law, (x) => 1 / (z - x)) + law.atomAtZero / z

describe.each(laws)('the R-transform of the %s', (_, transform, law) => {
  test('satisfies R(G(z)) + 1/G(z) = z on both sides of the law', () => {
    const [low, high] = law.support
    for (const z of [Math.min(0, low) - 1, high + 0.1, high + 3]) {
      const g = cauchy(law, z)
      expect(transform.value(g) + 1 / g).toBeCloseTo(z, 10)
    }
  })

  test('has the slope of its value', () => {
    for (const g of [-1.3, -0.2, 0.1, 0.3]) {
      const h = 1e-5
      const difference = (transform.value(g + h) - transform.value(g - h)) / (2 * h)
      expect(transform.slope(g)).toBeCloseTo(difference, 7)
    }
  })

  test('puts a spike where the secular equation G(λ) = 1/θ does, with its overlap −1/(θ²G′)', () => {
    const { threshold } = additiveSpike(transform, 100)
    const theta = 1.3 * threshold
    const { location, squaredOverlap, isOutlier } = additiveSpike(transform, theta)
    expect(isOutlier).toBe(true)
    expect(cauchy(law, location)).toBeCloseTo(1 / theta, 9)
    const slope =
      integrateLaw(law, (x) => -1 / (location - x) ** 2) - law.atomAtZero / location ** 2
    expect(squaredOverlap).toBeCloseTo(-1 / (theta * theta * slope), 9)
  })

  test('leaves a weaker spike at the edge of the bulk', () => {
    const { threshold } = additiveSpike(transform, 100)
    const weak = additiveSpike(transform, 0.9 * threshold)
    expect(weak).toMatchObject({ isOutlier: false, squaredOverlap: 0 })
    expect(weak.location).toBeCloseTo(law.support[1], 10)
  })
})

describe('additiveSpike', () => {
  test('has the values of the reference table on a Wishart plus a Wigner matrix', () => {
    const [three, five] = [3, 5].map((theta) => additiveSpike(wishartPlusWigner, theta))
    expect(three!.location).toBeCloseTo(4.1575757576, 9)
    expect(five!.location).toBeCloseTo(6.0926315789, 9)
    expect(three!.threshold).toBeCloseTo(0.84052524, 9)
    expect(additiveSpike(wishartPlusWigner, 0.5).location).toBeCloseTo(2.5018236235, 9)
    expect(additiveSpike(wishartPlusWigner, -0.1).location).toBeCloseTo(-0.2257294304, 9)
  })

  test('is θ + σ²/θ and 1 − σ²/θ² on a semicircle, on both sides', () => {
    const bulk = semicircleTransform({ center: 0, radius: 2 })
    for (const theta of [3, -3]) {
      const { location, squaredOverlap, threshold } = additiveSpike(bulk, theta)
      expect(location).toBeCloseTo(theta + 1 / theta, 12)
      expect(squaredOverlap).toBeCloseTo(8 / 9, 12)
      expect(threshold).toBeCloseTo(Math.sign(theta), 12)
    }
  })

  test('scales with the bulk, whatever the scale', () => {
    for (const scale of [1e-30, 1e-13, 1e30, 1e100]) {
      const wigner = semicircleTransform({ center: 0, radius: 2 * scale })
      const { threshold, location, squaredOverlap } = additiveSpike(wigner, 2 * scale)
      expect(threshold / scale).toBeCloseTo(1, 12)
      expect(location / scale).toBeCloseTo(2.5, 12)
      expect(squaredOverlap).toBeCloseTo(0.75, 12)
      expect(additiveSpike(wigner, scale / 2).isOutlier).toBe(false)
      // The lower edge (1 − √½)² of Marchenko and Pastur's law is 1/g + R(g) at g = −1/(√½ − ½).
      const wishart = marchenkoPasturTransform({ ratio: 0.5, variance: scale })
      expect(additiveSpike(wishart, -scale).threshold / scale).toBeCloseTo(0.5 - Math.SQRT1_2, 12)
    }
  })

  test('always leaves a law with an atom at 0 downwards', () => {
    const bulk = marchenkoPasturTransform({ ratio: 2, variance: 1 })
    const { isOutlier, location, threshold } = additiveSpike(bulk, -0.01)
    expect([isOutlier, Math.abs(threshold)]).toEqual([true, 0])
    expect(location).toBeLessThan(0)
  })

  test('refuses a strength of 0 or none', () => {
    const bulk = semicircleTransform({ center: 0, radius: 2 })
    for (const strength of [0, NaN, Infinity]) {
      expect(() => additiveSpike(bulk, strength)).toThrow(
        `strength must be a finite number other than 0, got ${strength}`,
      )
    }
    expect(() => semicircleTransform({ center: 0, radius: 0 })).toThrow('radius must be above 0')
    expect(() => marchenkoPasturTransform({ ratio: -1, variance: 1 })).toThrow(
      'ratio must be above 0, got -1',
    )
  })
})

describe('multiplicativeSpike', () => {
  test('is the spike at which Silverstein’s equation for the bulk has its solution', () => {
    // For population eigenvalue ℓ: λ = ℓ + γℓ/(ℓ − 1); overlap = λ′(ℓ)·ℓ/λ.
    for (const [ratio, strength] of [
      [0.25, 2],
      [2, 4],
      [0.25, 0.2],
    ] as const) {
      const at = (s: number) => multiplicativeSpike({ ratio, variance: 1, strength: s }).location
      const { location, squaredOverlap, isOutlier } = multiplicativeSpike({
        ratio,
        variance: 1,
        strength,
      })
      const slope = (at(strength + 1e-5) - at(strength - 1e-5)) / 2e-5
      expect(isOutlier).toBe(true)
      expect(location).toBeCloseTo(strength + (ratio * strength) / (strength - 1), 12)
      expect(squaredOverlap).toBeCloseTo((slope * strength) / location, 8)
    }
  })

  test('leaves the bulk at 1 ± √γ, where the eigenvalue meets the edge and the overlap 0', () => {
    const { support } = marchenkoPastur({ ratio: 0.25, variance: 3 })
    for (const [strength, edge] of [
      [1.5, support[1]],
      [0.5, support[0]],
    ] as const) {
      const outcome = multiplicativeSpike({ ratio: 0.25, variance: 3, strength })
      expect(outcome).toMatchObject({ isOutlier: false, threshold: strength, location: edge })
      const beyond = strength + (strength > 1 ? 1e-7 : -1e-7)
      const near = multiplicativeSpike({ ratio: 0.25, variance: 3, strength: beyond })
      expect(near.isOutlier).toBe(true)
      expect(near.location).toBeCloseTo(edge, 10)
      expect(near.squaredOverlap).toBeCloseTo(0, 5)
    }
  })

  test('has no threshold below a bulk that touches 0', () => {
    const outcome = multiplicativeSpike({ ratio: 2, variance: 1, strength: 0 })
    expect(outcome.isOutlier).toBe(false)
  })

  test('refuses what is out of range', () => {
    const of = (ratio: number, variance: number, strength: number) => () =>
      multiplicativeSpike({ ratio, variance, strength })
    expect(of(0, 1, 2)).toThrow('ratio must be above 0, got 0')
    expect(of(1, -1, 2)).toThrow('variance must be above 0, got -1')
    expect(of(1, 1, -2)).toThrow('strength must be finite and not negative, got -2')
  })
})
