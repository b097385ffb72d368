import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asinhScale, meanAndStandardError, smoothDensity, toCoordinate } from '#shared/statistics'

const integral = (x: readonly number[], y: readonly number[]): number =>
  x.slice(1).reduce((sum, value, i) => sum + ((value - x[i]!) * (y[i]! + y[i + 1]!)) / 2, 0)
const evenWeights = (nodes: readonly (readonly number[])[]): number[][] =>
  nodes.map((row) => row.map(() => 1 / row.length))
const linear = { kind: 'linear' } as const

describe('smoothDensity', () => {
  test('integrates to 1 on both axes, whatever the nodes and their scale', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 30 }),
        fc.constantFrom(1e-12, 1, 1e6),
        (values, scale) => {
          const nodes = [values.map((x) => scale * x)]
          const quadrature = { nodes, weights: evenWeights(nodes) }
          const asinh = { kind: 'asinh', scale: asinhScale(quadrature) } as const
          for (const coordinate of [linear, asinh]) {
            const { u, density } = smoothDensity(quadrature, { coordinate })
            expect(integral(u, density)).toBeCloseTo(1, 5)
          }
        },
      ),
      { numRuns: 60, seed: 5 },
    )
  })

  test('has the mean of the nodes, and their variance plus that of the kernel', () => {
    const nodes = [[-1, 0.5, 2, 4]]
    const weights = [[0.1, 0.4, 0.3, 0.2]]
    const mean = 1.5
    const variance = 0.1 * 2.5 ** 2 + 0.4 * 1 + 0.3 * 0.5 ** 2 + 0.2 * 2.5 ** 2
    const { u, density } = smoothDensity(
      { nodes, weights },
      { coordinate: linear, kernelDeviation: 0.2, points: 2001 },
    )
    const moment = (f: (x: number) => number): number =>
      integral(
        u,
        density.map((y, i) => y * f(u[i]!)),
      )
    // A kernel cut off at 5 deviations lacks 6·10⁻⁷ of its mass, and more of its tails' moments.
    expect(moment((x) => x)).toBeCloseTo(mean, 4)
    expect(moment((x) => (x - mean) ** 2)).toBeCloseTo(variance + 0.2 ** 2, 4)
  })

  test('draws nodes that differ by rounding only as one value, at any scale', () => {
    for (const scale of [1, 1e-12, 1e12]) {
      for (const spread of [0, 2 ** -52, 2 ** -23]) {
        const nodes = [[scale], [scale * (1 + spread)], [scale]]
        const { u, density, kernelDeviation } = smoothDensity(
          { nodes, weights: evenWeights(nodes) },
          { coordinate: linear },
        )
        expect(kernelDeviation / scale).toBeCloseTo(1e-3, 6)
        expect(integral(u, density)).toBeCloseTo(1, 5)
      }
    }
  })

  test('has a band of 2 standard errors over probes, cut at 0', () => {
    const nodes = [[0], [0], [1], [1]]
    const curve = smoothDensity(
      { nodes, weights: evenWeights(nodes) },
      { coordinate: linear, kernelDeviation: 0.05 },
    )
    const at = curve.u.reduce(
      (best, x, i) => (Math.abs(x) < Math.abs(curve.u[best]!) ? i : best),
      0,
    )
    const height = Math.exp(-0.5 * (curve.u[at]! / 0.05) ** 2) / (0.05 * Math.sqrt(2 * Math.PI))
    const { mean, standardError } = meanAndStandardError([height, height, 0, 0])
    expect(curve.density[at]).toBeCloseTo(mean, 9)
    expect(curve.upper[at]).toBeCloseTo(mean + 2 * standardError, 9)
    expect(curve.lower[at]).toBe(Math.max(0, mean - 2 * standardError))
  })

  test('on the asinh axis is the density of u: the Jacobian takes it back to λ', () => {
    const coordinate = { kind: 'asinh', scale: 0.5 } as const
    const nodes = [[-3, -1, 0, 0.2, 2, 50]]
    const { u, lambda, density } = smoothDensity(
      { nodes, weights: evenWeights(nodes) },
      { coordinate, points: 4001 },
    )
    // ρ(λ) = ρ(u)·du/dλ, du/dλ = 1/√(λ² + s²)
    const perLambda = density.map((y, i) => y / Math.hypot(lambda[i]!, 0.5))
    expect(integral(lambda, perLambda)).toBeCloseTo(1, 4)
    lambda.forEach((x, i) => expect(toCoordinate(coordinate, x)).toBeCloseTo(u[i]!, 9))
  })
})

describe('smoothDensity with atoms and a level', () => {
  const values = Array.from({ length: 200 }, (_, i) => Math.sin(i + 1) + (i % 3))
  const spectrum = [...values, 60, 80, -30]
  const quadrature = {
    nodes: [values, values],
    weights: evenWeights([values, values]),
    atoms: [60, 80, -30].map((value) => ({ value })),
    dimension: 203,
    steps: 300,
  }
  const exact = { nodes: [spectrum], weights: evenWeights([spectrum]) }
  const axes = [
    linear,
    { kind: 'asinh', scale: 0.5 },
    { kind: 'log', sign: 1 },
    { kind: 'log', sign: -1 },
  ] as const

  test('is that of all eigenvalues under the same kernel, on every axis', () => {
    for (const coordinate of axes) {
      const options = { coordinate, kernelDeviation: 0.1, range: [-3, 3] } as const
      const truth = smoothDensity(exact, options)
      for (const level of [undefined, 0.95]) {
        const curve = smoothDensity(quadrature, {
          ...options,
          ...(level === undefined ? {} : { level }),
        })
        expect(curve.level).toBe(level ?? null)
        curve.density.forEach((y, i) => expect(y).toBeCloseTo(truth.density[i]!, 10))
      }
    }
  })

  test('on the logarithmic axes together has mass 1 if no eigenvalue is 0', () => {
    const masses = ([1, -1] as const).map((sign) => {
      const { u, density } = smoothDensity(quadrature, {
        coordinate: { kind: 'log', sign },
        kernelDeviation: 0.05,
      })
      return integral(u, density)
    })
    expect(masses[0]! + masses[1]!).toBeCloseTo(1, 5)
    expect(masses[1]).toBeCloseTo(spectrum.filter((x) => x < 0).length / 203, 5)
  })

  test('has no band where only atoms are, and one of a width that shrinks with the root of probes', () => {
    const at = (probes: number) => {
      const nodes = Array.from({ length: probes }, () => values)
      return smoothDensity(
        { ...quadrature, nodes, weights: evenWeights(nodes) },
        { coordinate: linear, kernelDeviation: 0.5, range: [-40, 90], points: 131, level: 0.95 },
      )
    }
    const [one, four] = [at(1), at(4)]
    const [onAtom, inBulk] = [120, 41]
    expect(one.upper[onAtom]).toBeCloseTo(one.density[onAtom]!, 12)
    expect(one.density[onAtom]).toBeGreaterThan(0)
    const width = (curve: typeof one) => curve.upper[inBulk]! - curve.lower[inBulk]!
    expect(width(four) / width(one)).toBeCloseTo(0.5, 1)
    one.resolution.forEach((error) => expect(error).toBe(0))
  })

  test('holds an atom wherever its residual allows it to be', () => {
    // A residual above the gap to the other atom says no more than itself; below it, its square over the gap.
    for (const [residual, gap, error] of [
      [0.3, 0.2, 0.3],
      [0.3, 20, 0.3 ** 2 / 20],
    ] as const) {
      const curve = (value: number, sure: boolean) =>
        smoothDensity(
          {
            nodes: [[0]],
            weights: [[1]],
            atoms: [{ value, ...(sure ? {} : { residual }) }, { value: 60 + gap }],
            dimension: 203,
          },
          { coordinate: linear, kernelDeviation: 1, range: [50, 70], level: 0.95 },
        )
      const unsure = curve(60, false)
      for (const shift of [-error, -error / 3, 0, error]) {
        curve(60 + shift, true).density.forEach((y, i) => {
          expect(y).toBeGreaterThanOrEqual(unsure.lower[i]! - 1e-12)
          expect(y).toBeLessThanOrEqual(unsure.upper[i]! + 1e-12)
        })
      }
      const beyond = curve(60 + 2 * error, true)
      expect(beyond.density.some((y, i) => y > unsure.upper[i]! + 1e-12)).toBe(true)
    }
  })

  test('widens with the level, and by the resolution where steps are few', () => {
    const options = { coordinate: linear, kernelDeviation: 0.05, range: [-1, 3] } as const
    const rough = { ...quadrature, nodes: [[-0.6, 0.9, 2.4]], weights: [[0.2, 0.5, 0.3]], steps: 3 }
    const [narrow, wide] = [0.8, 0.99].map((level) => smoothDensity(rough, { ...options, level }))
    narrow!.density.forEach((value, i) => {
      expect(wide!.lower[i]).toBeLessThanOrEqual(narrow!.lower[i]!)
      expect(wide!.upper[i]).toBeGreaterThanOrEqual(narrow!.upper[i]!)
      // Between three nodes nothing is known.
      expect(narrow!.upper[i]! - value).toBeGreaterThan(0.05)
    })
  })

  test('needs a dimension for a level, and a range where no node has a place', () => {
    const nodes = [[1, 2]]
    const plain = { nodes, weights: evenWeights(nodes) }
    expect(() => smoothDensity(plain, { coordinate: linear, level: 0.9 })).toThrow(
      'dimension is needed for an interval',
    )
    expect(() => smoothDensity(plain, { coordinate: { kind: 'log', sign: -1 } })).toThrow(
      'range must be given where no node has a place on the axis',
    )
  })
})

describe('asinhScale', () => {
  test('is the weighted median of |θ| and scales with the nodes', () => {
    const nodes = [[-4, -1, 1, 3, 100]]
    const weights = [[0.1, 0.3, 0.3, 0.2, 0.1]]
    expect(asinhScale({ nodes, weights })).toBe(1)
    const tiny = [nodes[0]!.map((x) => 1e-12 * x)]
    expect(asinhScale({ nodes: tiny, weights })).toBe(1e-12)
  })

  test('is above 0 for a spectrum that is mostly or wholly 0', () => {
    expect(asinhScale({ nodes: [[0, 10]], weights: [[0.9, 0.1]] })).toBeCloseTo(1e-5, 12)
    expect(asinhScale({ nodes: [[0]], weights: [[1]] })).toBe(1)
  })
})

describe('meanAndStandardError', () => {
  test('is exact on samples far from 0', () => {
    const samples = [1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 6]
    const { mean, standardError } = meanAndStandardError(samples)
    expect(mean).toBe(1e9 + 3)
    expect(standardError).toBeCloseTo(Math.sqrt(14 / 3 / 4), 9)
  })

  test('shows no spread for one sample', () => {
    expect(meanAndStandardError([5])).toEqual({ mean: 5, standardError: 0 })
  })
})
