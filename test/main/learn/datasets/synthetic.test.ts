import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  classCounts,
  sampleChebyshev,
  sampleCurvedManifold,
  sampleGaussianMixture,
  sampleTeacherStudent,
  summarizeSamples,
} from '#learn/datasets'
import { contentsOf, type SampleContents } from '../../../support/sample-contents.ts'

const seeds = [1, 2, 3]
const mixture = {
  dimension: 12,
  intrinsicDimension: 3,
  classes: 4,
  samples: 4000,
  separation: 6,
  noise: 0.5,
  labelNoise: 0,
}
type MixtureOptions = Parameters<typeof sampleGaussianMixture>[0]
const sampleMixture = (options: Partial<MixtureOptions>, seed: number) =>
  sampleGaussianMixture({ ...mixture, ...options }, createStream(seed, 'mixture'))
const draw = (options: Partial<MixtureOptions>, seed: number) =>
  contentsOf(sampleMixture(options, seed))

/** Mean of each class, `[classes][dimension]`. */
function classMeans({ features, width, labels, outputs }: SampleContents) {
  const counts = new Array<number>(outputs).fill(0)
  const means = counts.map(() => new Float64Array(width))
  labels!.forEach((label, row) => {
    counts[label]! += 1
    for (let j = 0; j < width; j += 1) means[label]![j]! += features[row * width + j]!
  })
  return means.map((mean, label) => mean.map((sum) => sum / counts[label]!))
}

describe('sampleGaussianMixture', () => {
  test('is equal for equal seeds and differs for others', async () => {
    expect(await draw({}, 1)).toEqual(await draw({}, 1))
    expect((await draw({}, 1)).features).not.toEqual((await draw({}, 2)).features)
  })

  test('has balanced classes', () => {
    expect(classCounts(sampleMixture({ samples: 10 }, 1))).toEqual([3, 3, 2, 2])
  })

  test.each(seeds)(
    'has the noise asked for in the intrinsic dimensions only (seed %i)',
    async (seed) => {
      const samples = await draw({}, seed)
      const means = classMeans(samples)
      let squares = 0
      samples.labels!.forEach((label, row) => {
        for (let j = 0; j < 12; j += 1) {
          squares += (samples.features[row * 12 + j]! - means[label]![j]!) ** 2
        }
      })
      // 3·(4000 − 4) free squares of variance 0.25, of relative standard error √(2/11,988)
      const ratio = squares / (3 * (4000 - 4)) / 0.25
      expect(Math.abs(ratio - 1)).toBeLessThan(4 * Math.sqrt(2 / 11_988))
    },
  )

  test('lies in a subspace of the intrinsic dimension', async () => {
    const { features } = await draw({ samples: 60 }, 5)
    // Gram–Schmidt on the rows: after three directions nothing is left.
    const rows = Array.from({ length: 60 }, (_, row) =>
      Float64Array.from(features.subarray(row * 12, row * 12 + 12)),
    )
    for (let k = 0; k < 3; k += 1) {
      const norm = Math.hypot(...rows[k]!)
      expect(norm).toBeGreaterThan(1e-3)
      const direction = rows[k]!.map((x) => x / norm)
      for (const row of rows) {
        const overlap = row.reduce((sum, x, j) => sum + x * direction[j]!, 0)
        for (let j = 0; j < 12; j += 1) row[j]! -= overlap * direction[j]!
      }
    }
    for (const row of rows) expect(Math.hypot(...row)).toBeLessThan(1e-4)
  })

  test('has class means at the separation asked for, root mean square over seeds', async () => {
    const options = { classes: 2, samples: 2, noise: 0, dimension: 40, intrinsicDimension: 40 }
    const count = 300
    let sum = 0
    for (let seed = 0; seed < count; seed += 1) {
      const [a, b] = classMeans(await draw(options, seed))
      sum += a!.reduce((total, x, j) => total + (x - b![j]!) ** 2, 0) / 36 / count
    }
    // ‖μ_a − μ_b‖²/36 = χ²₄₀/40, of standard deviation √(2/40)
    expect(Math.abs(sum - 1)).toBeLessThan(4 * Math.sqrt(2 / 40 / count))
  })

  test('draws the share of labels anew that is asked for and moves no point by it', async () => {
    const [clean, noisy] = [await draw({}, 1), await draw({ labelNoise: 0.4 }, 1)]
    expect(noisy.features).toEqual(clean.features)
    const changed = noisy.labels!.filter((label, row) => label !== clean.labels![row]).length
    // One in four drawn anew is the old one: p = 0.4·3/4
    expect(Math.abs(changed - 4000 * 0.3)).toBeLessThan(4 * Math.sqrt(4000 * 0.3 * 0.7))
  })

  test('keeps means and first points when more samples are drawn', async () => {
    const [few, many] = [await draw({ samples: 40 }, 1), await draw({ samples: 80 }, 1)]
    expect(many.features.subarray(0, 480)).toEqual(few.features)
  })

  test.each([0.5, 1, 2])(
    'has variances in proportion to k^−%d within a class',
    async (exponent) => {
      const options = { intrinsicDimension: 12, classes: 1, separation: 0, samples: 4000 }
      const { features } = await draw({ ...options, covarianceExponent: exponent }, 2)
      const weights = Array.from({ length: 12 }, (_, k) => (k + 1) ** -exponent)
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      weights.forEach((weight, k) => {
        let squares = 0
        for (let row = 0; row < 4000; row += 1) squares += features[row * 12 + k]! ** 2
        // noise² = ¼ on average over the 12 directions
        const expected = 0.25 * 12 * (weight / total)
        expect(Math.abs(squares / 4000 / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000))
      })
    },
  )

  test('fills as many directions as a spectrum’s participation ratio says', async () => {
    const options = { dimension: 30, intrinsicDimension: 12, classes: 1, separation: 0 }
    const train = sampleMixture({ ...options, covarianceExponent: 1 }, 4)
    const spectrum = Array.from({ length: 12 }, (_, k) => 1 / (k + 1))
    const expected =
      spectrum.reduce((sum, x) => sum + x) ** 2 / spectrum.reduce((sum, x) => sum + x * x, 0)
    const { intrinsicDimension: measured } = await summarizeSamples({ train, validation: null })
    expect(measured!.participationRatio / expected).toBeCloseTo(1, 1)
  })

  test.each([1, 2, 4])('measures %i intrinsic dimensions by TwoNN', async (intrinsicDimension) => {
    const train = sampleMixture({ dimension: 20, intrinsicDimension, separation: 0 }, 3)
    const { intrinsicDimension: measured } = await summarizeSamples({ train, validation: null })
    // Four relative standard errors 1/√2000, and some bias where the density bends.
    expect(Math.abs(measured!.twoNearestNeighbours!.value / intrinsicDimension - 1)).toBeLessThan(
      0.12,
    )
  })

  test('has labels that know nothing of the features where all are drawn anew', async () => {
    const { labels } = await draw({ labelNoise: 1 }, 1)
    const kept = labels!.filter((label, row) => label === row % 4).length
    expect(Math.abs(kept - 1000)).toBeLessThan(4 * Math.sqrt(4000 * 0.25 * 0.75))
  })

  test('refuses an intrinsic dimension above the dimension, and sizes beyond memory', () => {
    expect(() => sampleMixture({ intrinsicDimension: 13 }, 1)).toThrow(
      'intrinsicDimension must be in 1…12 (the dimension), got 13',
    )
    expect(() => sampleMixture({ samples: 1e8 }, 1)).toThrow(
      'samples must be at most 44739242 with 12',
    )
  })
})

describe('sampleTeacherStudent', () => {
  const teacher = {
    dimension: 5,
    outputs: 2,
    teacherHidden: [4],
    teacherActivation: 'tanh',
    samples: 2000,
    noise: 0,
  } as const
  type Options = Parameters<typeof sampleTeacherStudent>[0]
  const sampleTeacher = (options: Partial<Options>, seed: number) =>
    sampleTeacherStudent({ ...teacher, ...options }, createStream(seed, 'teacher'))
  const sample = (options: Partial<Options>, seed: number) =>
    contentsOf(sampleTeacher(options, seed))

  test('is equal for equal seeds and differs for others', async () => {
    expect(await sample({}, 1)).toEqual(await sample({}, 1))
    expect((await sample({}, 1)).targets).not.toEqual((await sample({}, 2)).targets)
  })

  test.each(seeds)('adds the noise asked for and changes nothing else (seed %i)', async (seed) => {
    const [clean, noisy] = [await sample({}, seed), await sample({ noise: 0.3 }, seed)]
    expect(noisy.features).toEqual(clean.features)
    const squares = [...clean.targets].reduce((sum, y, i) => sum + (noisy.targets[i]! - y) ** 2, 0)
    expect(Math.abs(squares / 4000 / 0.09 - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000))
    expect(clean.labels).toBeNull()
  })

  test('has targets of variance 1 through linear layers, by LeCun’s scale', async () => {
    let total = 0
    const count = 200
    for (let seed = 0; seed < count; seed += 1) {
      const options = { teacherActivation: 'identity', dimension: 60, teacherHidden: [60] } as const
      const { targets } = await sample({ ...options, samples: 50, outputs: 4 }, seed)
      total += [...targets].reduce((sum, y) => sum + y * y, 0) / 200 / count
    }
    // Var(y²) ≈ 2 within a net plus what the four rows of weights vary, together below 0.5 a net
    expect(Math.abs(total - 1)).toBeLessThan(4 * Math.sqrt(0.5 / count))
  })

  // One input, no hidden layer but the activation's: y = b·f(a·x), so that f is read off its values.
  test.each([
    ['tanh', Math.tanh],
    ['relu', (x: number) => Math.max(x, 0)],
    ['softplus', (x: number) => Math.log(1 + Math.exp(x))],
    ['gelu', (x: number) => x * normalCdf(x)],
    ['silu', (x: number) => (x * (1 + Math.tanh(x / 2))) / 2],
    ['logistic', (x: number) => (1 + Math.tanh(x / 2)) / 2],
    ['identity', (x: number) => x],
  ] as const)('applies %s', async (teacherActivation, f) => {
    const shape = { dimension: 1, teacherHidden: [1], outputs: 1, samples: 50 }
    // With the same seed the teacher of the identity is a·b·x; two probes give a and b.
    const { features, targets } = await sample({ ...shape, teacherActivation }, 3)
    const stream = createStream(3, 'teacher').fork('teacher')
    const [a, b] = [0, 1].map((layer) => stream.fork('layer', layer).nextNormal())
    ;[...features].forEach((x, i) => expect(targets[i]).toBeCloseTo(b! * f(a! * x), 5))
  })

  test('has inputs of variances in proportion to k^−α, by the same draws', async () => {
    const [flat, steep] = [await sample({}, 1), await sample({ covarianceExponent: 2 }, 1)]
    const weights = [1, 1 / 4, 1 / 9, 1 / 16, 1 / 25]
    const mean = weights.reduce((sum, weight) => sum + weight) / 5
    for (let i = 0; i < flat.features.length; i += 1) {
      const expected = flat.features[i]! * Math.sqrt(weights[i % 5]! / mean)
      expect(Math.abs(steep.features[i]! - expected)).toBeLessThan(1e-6)
    }
    expect(steep.targets).not.toEqual(flat.targets)
  })

  test('refuses sizes beyond memory', () => {
    expect(() => sampleTeacher({ teacherHidden: [1e6, 1e6] }, 1)).toThrow(
      'teacherHidden must be at most 536 with 1000000 numbers each, got 1000000',
    )
  })
})

describe('sampleCurvedManifold', () => {
  const manifold = {
    dimension: 20,
    intrinsicDimension: 2,
    curvature: 2,
    classes: 5,
    samples: 2000,
    noise: 0,
    labelNoise: 0,
  }
  const sample = (options: Partial<typeof manifold>, seed = 1) =>
    sampleCurvedManifold({ ...manifold, ...options }, createStream(seed, 'manifold'))
  const measure = async (options: Partial<typeof manifold>) =>
    (await summarizeSamples({ train: sample(options), validation: null })).intrinsicDimension!

  test('is equal for equal seeds and differs for others', async () => {
    expect(await contentsOf(sample({}))).toEqual(await contentsOf(sample({})))
    expect((await contentsOf(sample({}, 2))).features).not.toEqual(
      (await contentsOf(sample({}))).features,
    )
  })

  test.each([0.5, 1, 2, Math.PI])('has the curvature %d', async (curvature) => {
    const { curvature: measured } = await measure({ curvature })
    expect(Math.abs(measured! / curvature - 1)).toBeLessThan(0.06)
  })

  test('is flat without curvature', async () => {
    const { curvature, participationRatio } = await measure({ curvature: 0 })
    expect(curvature).toBeLessThan(1e-4)
    expect(participationRatio).toBeLessThan(2.001)
  })

  test.each([1, 2, 3, 5])('has %i intrinsic dimensions', async (intrinsicDimension) => {
    const { twoNearestNeighbours } = await measure({ intrinsicDimension })
    expect(Math.abs(twoNearestNeighbours!.value / intrinsicDimension - 1)).toBeLessThan(0.1)
  })

  test('lies on a sphere of radius 1/κ, as far from the pole as the flat point from 0', async () => {
    const flat = await contentsOf(sample({ curvature: 0 }))
    const { features } = await contentsOf(sample({ curvature: 2 }))
    for (let row = 0; row < 200; row += 1) {
      const length = Math.hypot(...flat.features.subarray(row * 20, row * 20 + 20))
      const chord = Math.hypot(...features.subarray(row * 20, row * 20 + 20))
      // A chord of the circle of radius ½ over the arc `length`: 2·½·sin(length/(2·½))
      expect(chord).toBeCloseTo(Math.sin(length), 5)
    }
  })

  test('adds the noise asked for and moves neither points nor labels by it', async () => {
    const clean = await contentsOf(sample({}))
    const noisy = await contentsOf(sample({ noise: 0.1 }))
    let squares = 0
    clean.features.forEach((x, i) => (squares += (noisy.features[i]! - x) ** 2))
    expect(Math.abs(squares / 40_000 / 0.01 - 1)).toBeLessThan(4 * Math.sqrt(2 / 40_000))
    expect(noisy.labels).toEqual(clean.labels)
  })

  test('has the same labels whatever the curvature, in as many classes as asked for', () => {
    const { labels } = sample({ curvature: 0 })
    expect(sample({ curvature: 3 }).labels).toEqual(labels)
    expect(new Set(labels).size).toBe(5)
  })

  test('draws the share of labels anew that is asked for', () => {
    const clean = sample({}).labels!
    const changed = sample({ labelNoise: 0.5 }).labels!.filter((label, i) => label !== clean[i])
    expect(Math.abs(changed.length - 800)).toBeLessThan(4 * Math.sqrt(2000 * 0.4 * 0.6))
  })

  test('refuses what no sphere has', () => {
    expect(() => sample({ curvature: 3.2 })).toThrow('curvature must be in 0…π, got 3.2')
    expect(() => sample({ curvature: NaN })).toThrow('got NaN')
    expect(() => sample({ intrinsicDimension: 20 })).toThrow(
      'intrinsicDimension must be in 1…19 (below the dimension), got 20',
    )
  })
})

describe('sampleChebyshev', () => {
  test.each([0, 1, 3, 4, 5, 12])('is cos(k·arccos x) of degree %i', async (degree) => {
    const { features, targets, width, outputs } = await contentsOf(
      sampleChebyshev({ degree, samples: 20 }),
    )
    expect([features.length, width, outputs]).toEqual([20, 1, 1])
    const expected = features.map((x) => Math.cos(degree * Math.acos(x)))
    targets.forEach((y, i) => expect(y).toBeCloseTo(expected[i]!, 4))
  })

  test('has its points evenly spaced from −1 to 1', async () => {
    const { features } = await contentsOf(sampleChebyshev({ degree: 3, samples: 5 }))
    expect([...features]).toEqual([-1, -0.5, 0, 0.5, 1])
  })

  test('refuses one point and half a degree', () => {
    expect(() => sampleChebyshev({ degree: 3, samples: 1 })).toThrow(
      'samples must be an integer in 2',
    )
    expect(() => sampleChebyshev({ degree: 0.5, samples: 9 })).toThrow('degree must be an integer')
  })
})

/** Φ by Simpson's rule on the density. */
function normalCdf(x: number): number {
  const steps = 2000
  const density = (t: number) => Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI)
  let sum = density(0) + density(x)
  for (let i = 1; i < steps; i += 1) sum += (i % 2 === 1 ? 4 : 2) * density((x * i) / steps)
  return 0.5 + (sum * x) / steps / 3
}
