import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { classCounts, sampleGaussianMixture, sampleTeacherStudent } from '#learn/datasets'

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
const draw = (options: Partial<typeof mixture>, seed: number) =>
  sampleGaussianMixture({ ...mixture, ...options }, createStream(seed, 'mixture'))

/** Mean of each class, `[classes][dimension]`. */
function classMeans({ features, featureCount, labels, outputCount }: ReturnType<typeof draw>) {
  const counts = new Array<number>(outputCount).fill(0)
  const means = counts.map(() => new Float64Array(featureCount))
  labels!.forEach((label, row) => {
    counts[label]! += 1
    for (let j = 0; j < featureCount; j += 1) means[label]![j]! += features[row * featureCount + j]!
  })
  return means.map((mean, label) => mean.map((sum) => sum / counts[label]!))
}

describe('sampleGaussianMixture', () => {
  test('is equal for equal seeds and differs for others', () => {
    expect(draw({}, 1)).toEqual(draw({}, 1))
    expect(draw({}, 1).features).not.toEqual(draw({}, 2).features)
  })

  test('has balanced classes', () => {
    expect(classCounts(draw({ samples: 10 }, 1))).toEqual([3, 3, 2, 2])
  })

  test.each(seeds)('has the noise asked for in the intrinsic dimensions only (seed %i)', (seed) => {
    const samples = draw({}, seed)
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
  })

  test('lies in a subspace of the intrinsic dimension', () => {
    const { features } = draw({ samples: 60 }, 5)
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

  test('has class means at the separation asked for, root mean square over seeds', () => {
    const options = { classes: 2, samples: 2, noise: 0, dimension: 40, intrinsicDimension: 40 }
    const count = 300
    let sum = 0
    for (let seed = 0; seed < count; seed += 1) {
      const [a, b] = classMeans(draw(options, seed))
      sum += a!.reduce((total, x, j) => total + (x - b![j]!) ** 2, 0) / 36 / count
    }
    // ‖μ_a − μ_b‖²/36 = χ²₄₀/40, of standard deviation √(2/40)
    expect(Math.abs(sum - 1)).toBeLessThan(4 * Math.sqrt(2 / 40 / count))
  })

  test('draws the share of labels anew that is asked for and moves no point by it', () => {
    const [clean, noisy] = [draw({}, 1), draw({ labelNoise: 0.4 }, 1)]
    expect(noisy.features).toEqual(clean.features)
    const changed = noisy.labels!.filter((label, row) => label !== clean.labels![row]).length
    // One in four drawn anew is the old one: p = 0.4·3/4
    expect(Math.abs(changed - 4000 * 0.3)).toBeLessThan(4 * Math.sqrt(4000 * 0.3 * 0.7))
  })

  test('keeps means and first points when more samples are drawn', () => {
    const [few, many] = [draw({ samples: 40 }, 1), draw({ samples: 80 }, 1)]
    expect(many.features.subarray(0, 480)).toEqual(few.features)
  })

  test('refuses an intrinsic dimension above the dimension, and sizes beyond memory', () => {
    expect(() => draw({ intrinsicDimension: 13 }, 1)).toThrow(
      'intrinsicDimension must be in 1…12 (the dimension), got 13',
    )
    expect(() => draw({ samples: 1e8 }, 1)).toThrow('samples must be at most 44739242 with 12')
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
  const sample = (options: Partial<Options>, seed: number) =>
    sampleTeacherStudent({ ...teacher, ...options }, createStream(seed, 'teacher'))

  test('is equal for equal seeds and differs for others', () => {
    expect(sample({}, 1)).toEqual(sample({}, 1))
    expect(sample({}, 1).targets).not.toEqual(sample({}, 2).targets)
  })

  test.each(seeds)('adds the noise asked for and changes nothing else (seed %i)', (seed) => {
    const [clean, noisy] = [sample({}, seed), sample({ noise: 0.3 }, seed)]
    expect(noisy.features).toEqual(clean.features)
    const squares = clean.targets.reduce((sum, y, i) => sum + (noisy.targets[i]! - y) ** 2, 0)
    expect(Math.abs(squares / 4000 / 0.09 - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000))
    expect(clean.labels).toBeNull()
  })

  test('has targets of variance 1 through linear layers, by LeCun’s scale', () => {
    let total = 0
    const count = 200
    for (let seed = 0; seed < count; seed += 1) {
      const options = { teacherActivation: 'identity', dimension: 60, teacherHidden: [60] } as const
      const { targets } = sample({ ...options, samples: 50, outputs: 4 }, seed)
      total += targets.reduce((sum, y) => sum + y * y, 0) / 200 / count
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
    ['identity', (x: number) => x],
  ] as const)('applies %s', (teacherActivation, f) => {
    const shape = { dimension: 1, teacherHidden: [1], outputs: 1, samples: 50 }
    // With the same seed the teacher of the identity is a·b·x; two probes give a and b.
    const { features, targets } = sample({ ...shape, teacherActivation }, 3)
    const stream = createStream(3, 'teacher').fork('teacher')
    const [a, b] = [0, 1].map((layer) => stream.fork('layer', layer).nextNormal())
    features.forEach((x, i) => expect(targets[i]).toBeCloseTo(b! * f(a! * x), 5))
  })

  test('refuses sizes beyond memory', () => {
    expect(() => sample({ teacherHidden: [1e6, 1e6] }, 1)).toThrow(
      'teacherHidden must be at most 536 with 1000000 numbers each, got 1000000',
    )
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
