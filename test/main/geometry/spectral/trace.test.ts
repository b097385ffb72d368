import { describe, expect, test } from 'vitest'
import { createStream, fillSigns } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import { countingOperator, denseOperator, type LinearOperator } from '#geometry/operators'
import {
  estimateSquareTrace,
  estimateTrace,
  type TraceMethod,
  type TraceResult,
} from '#geometry/spectral'
import { symmetricWithSpectrum } from '../../../support/matrices.ts'
import { rotatedOperator, studySpectra } from '../../../support/rotated-operator.ts'
import { breakingOperator, diagonalOperator } from '../../../support/spectra-operators.ts'

const methods: readonly TraceMethod[] = ['hutchinson', 'hutch++', 'xtrace']
const sketching = ['hutch++', 'xtrace'] as const
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const squares = (numbers: readonly number[]): number => sum(numbers.map((x) => x ** 2))
const stream = (seed: number) => createStream(seed, 'trace')

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let total = 0
  for (let i = 0; i < a.length; i += 1) total += a[i]! * b[i]!
  return total
}

/** The dense matrix as a function of vectors, and an orthonormal basis of some, by Gram–Schmidt: the oracle. */
const multiply = (matrix: Float64Array, v: Float64Array): Float64Array =>
  v.map((_, i) => dot(matrix.subarray(i * v.length, (i + 1) * v.length), v))
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = []
  for (const vector of vectors) {
    const rest = vector.slice()
    const before = Math.sqrt(dot(rest, rest))
    for (const q of [...basis, ...basis]) {
      const part = dot(q, rest)
      q.forEach((x, i) => (rest[i]! -= part * x))
    }
    const length = Math.sqrt(dot(rest, rest))
    if (length > 1e-10 * before) basis.push(rest.map((x) => x / length))
  }
  return basis
}
const without = <T>(items: readonly T[], ...indices: readonly number[]): T[] =>
  items.filter((_, i) => !indices.includes(i))

/** One sample of tr A and tr A² from a probe and a basis, by the definition. */
function definedSample(
  matrix: Float64Array,
  basis: readonly Float64Array[],
  probe: Float64Array,
): [number, number] {
  const rest = probe.slice()
  for (const q of [...basis, ...basis]) {
    const part = dot(q, rest)
    q.forEach((x, i) => (rest[i]! -= part * x))
  }
  const image = multiply(matrix, rest)
  return [
    sum(basis.map((q) => dot(q, multiply(matrix, q)))) + dot(rest, image),
    sum(basis.map((q) => dot(multiply(matrix, q), multiply(matrix, q)))) + dot(image, image),
  ]
}
const draw = (count: number, n: number, name: string, seed: number): Float64Array[] =>
  Array.from({ length: count }, (_, i) => {
    const v = new Float64Array(n)
    fillSigns(v, stream(seed).fork(name, i))
    return v
  })

const spectra: readonly [string, number[]][] = [
  ['of full rank', [9, 4, 3, -2, 1.5, 1, 0.8, 0.5, -0.4, 0.3, 0.2, 0.1, 0.05, -0.02]],
  ['of rank 3', [9, 4, -3, ...new Array<number>(11).fill(0)]],
]

describe.each(spectra)('by their definitions, on a matrix %s', (_name, values) => {
  const n = values.length
  const matrix = symmetricWithSpectrum(values, 3)
  const expectSamples = (
    { samples, squareSamples }: Pick<TraceResult, 'samples' | 'squareSamples'>,
    defined: readonly (readonly [number, number])[],
  ): void => {
    expect(samples).toHaveLength(defined.length)
    defined.forEach(([trace, square], i) => {
      expect(samples[i]).toBeCloseTo(trace, 9)
      expect(squareSamples[i]).toBeCloseTo(square, 8)
    })
  }

  test('samples of XTrace leave each vector out of the sketch it probes', async () => {
    const result = await estimateTrace(denseOperator(matrix), {
      method: 'xtrace',
      probes: 12,
      stream: stream(1),
    })
    // Of full rank six; of rank 3 only three of the twelve products are spent on the basis, and eight vectors come of it.
    const count = result.samples.length
    expect(count).toBeGreaterThanOrEqual(6)
    const probes = draw(count, n, 'probe', 1)
    const images = probes.map((probe) => multiply(matrix, probe))
    expectSamples(
      result,
      probes.map((probe, i) => definedSample(matrix, orthonormal(without(images, i)), probe)),
    )
    const left = result.withoutOne!
    probes.forEach((_, j) => {
      const pairs = without(
        probes.map((probe, i) => definedSample(matrix, orthonormal(without(images, i, j)), probe)),
        j,
      )
      expect(left.traces[j]).toBeCloseTo(sum(pairs.map(([trace]) => trace)) / (count - 1), 9)
      expect(left.squareTraces[j]).toBeCloseTo(sum(pairs.map(([, s]) => s)) / (count - 1), 8)
    })
  })

  test('samples of Hutch++ are exact on the sketch and Hutchinson’s on its complement', async () => {
    const result = await estimateTrace(denseOperator(matrix), {
      method: 'hutch++',
      probes: 15,
      stream: stream(1),
    })
    const basis = orthonormal(draw(5, n, 'sketch', 1).map((v) => multiply(matrix, v)))
    const probes = draw(15 - 5 - basis.length, n, 'probe', 1)
    expectSamples(
      result,
      probes.map((probe) => definedSample(matrix, basis, probe)),
    )
  })
})

describe('estimateTrace', () => {
  const values = studySpectra.outliers(64)
  const dense = denseOperator(symmetricWithSpectrum(values, 1))

  test.each(sketching)('%s is exact once its sketch spans the space', async (method) => {
    const small = denseOperator(symmetricWithSpectrum([5, 3, -2, 1, 0.5, 0.1], 2))
    const { trace, squareTrace, products } = await estimateTrace(small, {
      method,
      probes: 40,
      stream: stream(1),
    })
    expect(trace.mean).toBeCloseTo(7.6, 10)
    expect(squareTrace.mean).toBeCloseTo(39.26, 9)
    expect(trace.standardError).toBeLessThan(1e-10)
    expect(products).toBeLessThanOrEqual(40)
  })

  test.each(methods)('%s of the zero operator is 0 ± 0', async (method) => {
    const zero = diagonalOperator(new Array<number>(20).fill(0))
    const { trace, squareTrace } = await estimateTrace(zero, {
      method,
      probes: 12,
      stream: stream(1),
    })
    for (const estimate of [trace, squareTrace]) {
      expect(estimate.mean).toBeCloseTo(0, 12)
      expect(estimate.standardError).toBeCloseTo(0, 12)
    }
  })

  test.each(methods)('%s scales with the operator, over 24 orders of magnitude', async (method) => {
    const run = (factor: number) =>
      estimateTrace(diagonalOperator(values.map((value) => factor * value)), {
        method,
        probes: 30,
        stream: stream(1),
      })
    const [one, tiny] = [await run(1), await run(2 ** -80)]
    expect(tiny.trace.mean * 2 ** 80).toBeCloseTo(one.trace.mean, 8)
    expect(tiny.trace.standardError * 2 ** 80).toBeCloseTo(one.trace.standardError, 8)
  })

  test.each(methods)(
    '%s grows without waste: in steps it is what it is at once',
    async (method) => {
      const options = { method, probes: 20, precision: 1e-4, maxProducts: 40, stream: stream(4) }
      const A = countingOperator(dense)
      const grown = await estimateTrace(A, options)
      const atOnce = await estimateTrace(dense, { method, probes: 40, stream: stream(4) })
      expect(grown.status).toBe('not-converged')
      expect(A.products).toBe(grown.products)
      expect(grown.products).toBe(atOnce.products)
      grown.samples.forEach((sample, i) => expect(sample).toBeCloseTo(atOnce.samples[i]!, 7))
    },
  )

  test.each(methods)('%s depends on the size of blocks by rounding only', async (method) => {
    const run = (rows: number) =>
      estimateTrace(denseOperator(symmetricWithSpectrum(values, 1), rows), {
        method,
        probes: 24,
        stream: stream(1),
      })
    const [one, many] = [await run(1), await run(5)]
    one.samples.forEach((sample, i) => expect(sample).toBeCloseTo(many.samples[i]!, 7))
  })

  test.each(methods)('%s twice is bit-equal', async (method) => {
    const run = () => estimateTrace(dense, { method, probes: 25, stream: stream(7) })
    expect(await run()).toEqual(await run())
  })

  test.each(methods)('%s in float32 agrees with float64', async (method) => {
    const size = 4096
    const long = studySpectra.outliers(size)
    const native = await createNativeSpace(size)
    const run = (space?: LinearOperator['space']) =>
      estimateTrace(diagonalOperator(long, space), {
        method,
        probes: 60,
        stream: stream(1),
        distribution: 'normal',
      })
    const [narrow, wide] = [await run(native), await run()]
    await native.release()
    const tolerance = 1e-4
    for (const key of ['trace', 'squareTrace'] as const) {
      expect(narrow[key].mean / wide[key].mean).toBeGreaterThan(1 - tolerance)
      expect(narrow[key].mean / wide[key].mean).toBeLessThan(1 + tolerance)
    }
    // At four digits of tr A² what XTrace has left to err by is rounding.
    expect(narrow.trace.standardError / wide.trace.standardError).toBeCloseTo(1, 1)
  })

  test.each(sketching)('%s names the vector whose product is not finite', async (method) => {
    const run = (first: number) =>
      estimateTrace(breakingOperator(diagonalOperator(values), first), {
        method,
        probes: 30,
        stream: stream(1),
      })
    await expect(run(2)).rejects.toThrow(
      `not a finite number in the operator's product with ${method === 'xtrace' ? 'probe' : 'sketch vector'} 2`,
    )
    await expect(run(11)).rejects.toThrow("product with vector 3 of the sketch's basis")
  })

  test.each(sketching)('%s stops between blocks', async (method) => {
    const controller = new AbortController()
    const A = countingOperator(diagonalOperator(values))
    const stopped = estimateTrace(A, {
      method,
      probes: 40,
      stream: stream(1),
      signal: controller.signal,
      onProgress: (products) => {
        if (products >= 12) controller.abort()
      },
    })
    await expect(stopped).rejects.toThrow('stopped on request')
    expect(A.products).toBe(12)
  })

  test('refuses settings that say nothing', async () => {
    const run = (settings: object) =>
      estimateTrace(dense, { method: 'xtrace', probes: 20, stream: stream(1), ...settings })
    await expect(run({ probes: 3 })).rejects.toThrow('probes must be 4 or more, got 3')
    await expect(run({ precision: 0 })).rejects.toThrow('precision must be in (0, 1), got 0')
    await expect(run({ precision: 0.1, maxProducts: 2 })).rejects.toThrow(
      'maxProducts must be 4 or more, got 2',
    )
    await expect(run({ method: 'hutchinson', probes: 1 })).rejects.toThrow(
      'probes must be 2 or more, got 1',
    )
  })
})

describe('a precision', () => {
  test.each(methods)('is met by %s, or the budget is named', async (method) => {
    const A = rotatedOperator(studySpectra.network(512), 1)
    const result = await estimateTrace(A, {
      method,
      probes: 20,
      precision: 0.05,
      stream: stream(1),
    })
    expect(result.status).toBe('converged')
    expect(result.note).toBe('')
    expect(result.trace.standardError).toBeLessThanOrEqual(0.05 * result.trace.mean)
    const cut = await estimateTrace(A, {
      method,
      probes: 20,
      precision: 1e-4,
      maxProducts: 31,
      stream: stream(1),
    })
    expect(cut.status).toBe('not-converged')
    expect(cut.products).toBeLessThanOrEqual(31)
    expect(cut.note).toMatch(/^after 3[01] products the standard error is .* asked for were 0.01 %/)
  })

  test('of a trace near 0 is not met, and the advice says why', async () => {
    const values = Array.from({ length: 256 }, (_, i) => (i % 2 === 0 ? 1 : -1))
    const result = await estimateTrace(rotatedOperator(values, 1), {
      probes: 20,
      precision: 0.02,
      maxProducts: 100,
      stream: stream(2),
    })
    expect(result.status).toBe('not-converged')
    expect(result.note).toContain('A value near 0 has no relative precision')
  })

  test('of 2 % takes XTrace and Hutch++ at most 0.6 of Hutchinson’s products where outliers are', async () => {
    for (const spectrum of ['outliers', 'network'] as const) {
      const median: Partial<Record<TraceMethod, number>> = {}
      for (const method of methods) {
        const products: number[] = []
        for (let seed = 1; seed <= 5; seed += 1) {
          const result = await estimateTrace(rotatedOperator(studySpectra[spectrum](1024), seed), {
            method,
            probes: 20,
            precision: 0.02,
            stream: stream(seed),
          })
          expect(result.status).toBe('converged')
          products.push(result.products)
        }
        median[method] = products.sort((a, b) => a - b)[2]!
      }
      expect(median.xtrace! / median.hutchinson!).toBeLessThanOrEqual(0.6)
      expect(median['hutch++']! / median.hutchinson!).toBeLessThanOrEqual(0.6)
    }
  })
})

describe('two standard errors hold the truth as often as they say', () => {
  const seeds = Array.from({ length: 50 }, (_, i) => i)
  const spectra = Object.values(studySpectra).map((spectrum) => spectrum(128))
  const settings: readonly [TraceMethod, number, number | null][] = [
    ['hutchinson', 20, null],
    ['hutch++', 48, null],
    ['xtrace', 20, null],
    ['xtrace', 32, null],
    // Where a precision stops the search.
    ['hutchinson', 20, 0.05],
    ['hutch++', 20, 0.05],
    ['xtrace', 20, 0.05],
  ]

  test.each(settings)('%s of %i products (precision %d)', async (method, probes, precision) => {
    let hits = 0
    for (const values of spectra) {
      for (const seed of seeds) {
        const { trace } = await estimateTrace(rotatedOperator(values, seed), {
          method,
          probes,
          precision: precision ?? undefined,
          stream: stream(seed),
        })
        if (Math.abs(trace.mean - sum(values)) <= 2 * trace.standardError) hits += 1
      }
    }
    // Of 200 at 95.45 % 190.9 ± 2.9; five deviations less is 176.
    expect(hits).toBeGreaterThanOrEqual(176)
  })
})

describe('estimateSquareTrace', () => {
  test('meets a precision of tr A², which is not that of tr A', async () => {
    const values = studySpectra.network(512)
    for (const method of methods) {
      const { estimate, squareTrace, status } = await estimateSquareTrace(
        rotatedOperator(values, 1),
        { method, probes: 20, precision: 0.1, stream: stream(2) },
      )
      expect(status).toBe('converged')
      expect(estimate).toEqual(squareTrace)
      expect(squareTrace.standardError).toBeLessThanOrEqual(0.1 * squareTrace.mean)
      expect(Math.abs(squareTrace.mean - squares(values))).toBeLessThanOrEqual(
        4 * squareTrace.standardError,
      )
    }
  })

  test('has the variance 2·tr A⁴ that theory gives for normals', async () => {
    const values = [3, 2, -1, 1, 0.5, 0.2]
    const { squareSamples } = await estimateSquareTrace(diagonalOperator(values), {
      probes: 10_000,
      stream: stream(5),
      distribution: 'normal',
    })
    const mean = sum(squareSamples) / squareSamples.length
    const variance = squares(squareSamples.map((x) => x - mean)) / (squareSamples.length - 1)
    expect(mean / squares(values)).toBeCloseTo(1, 1)
    const ratio = variance / (2 * sum(values.map((x) => x ** 4)))
    // The sample variance of χ²-like draws has a relative deviation of about √(14/10,000).
    expect(Math.abs(ratio - 1)).toBeLessThan(0.15)
  })
})
