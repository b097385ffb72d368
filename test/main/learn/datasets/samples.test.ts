import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  classCounts,
  readAll,
  samplesInMemory,
  selectRows,
  splitSamples,
  standardize,
  summarizeSamples,
  type Samples,
} from '#learn/datasets'

const features = { kind: 'values', shape: [3] } as const
const valuesOf = (count: number): Float32Array =>
  Float32Array.from({ length: 3 * count }, (_, i) => {
    const row = Math.floor(i / 3)
    return [row, 2 * row, 7][i % 3]!
  })

/** Row r has features (r, 2r, 7) and class r mod 3. */
const countingSamples = (count: number, values = valuesOf(count)): Samples =>
  samplesInMemory({
    features,
    targets: { kind: 'classes', count: 3, perSample: 1 },
    values,
    answers: Int32Array.from({ length: count }, (_, row) => row % 3),
  })

/** Features as numbers, row after row. */
const featuresOf = async (samples: Samples) => [...(await readAll(samples)).features]
/** Row numbers that samples were counted by. */
const rowsOf = async (samples: Samples) => (await featuresOf(samples)).filter((_, i) => i % 3 === 0)

describe('selectRows', () => {
  test('takes rows in the order given, more than once if asked', async () => {
    const picked = selectRows(countingSamples(5), Uint32Array.of(4, 0, 4))
    expect(await readAll(picked)).toEqual({
      features: Float32Array.of(4, 8, 7, 0, 0, 7, 4, 8, 7),
      targets: Int32Array.of(1, 0, 1),
    })
    expect(picked.labels).toEqual(Int32Array.of(1, 0, 1))
    expect(picked.count).toBe(3)
  })

  test('leaves regression without labels', async () => {
    const samples = samplesInMemory({
      features,
      targets: { kind: 'values', count: 2 },
      values: valuesOf(2),
      answers: Float32Array.of(0.5, -1, 2.5, 3),
    })
    const picked = selectRows(samples, Uint32Array.of(1))
    expect(picked.labels).toBeNull()
    expect((await readAll(picked)).targets).toEqual(Float32Array.of(2.5, 3))
  })
})

describe('read', () => {
  test('leaves the rest of a larger buffer alone', async () => {
    const batch = new Float32Array(9).fill(-1)
    const labels = new Int32Array(3).fill(-1)
    await countingSamples(4).read(Uint32Array.of(2), batch, labels)
    expect([...batch]).toEqual([2, 4, 7, -1, -1, -1, -1, -1, -1])
    expect([...labels]).toEqual([2, -1, -1])
  })
})

describe('splitSamples', () => {
  test('parts the rows without loss, in their order, by the seed alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 60 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        fc.nat(),
        async (count, fraction, seed) => {
          const heldOut = Math.round(fraction * count)
          fc.pre(heldOut < count)
          const split = () => splitSamples(countingSamples(count), fraction, createStream(seed))
          const { train, validation } = split()
          expect(train.count).toBe(count - heldOut)
          expect(validation?.count ?? 0).toBe(heldOut)
          const parts = [await rowsOf(train), validation === null ? [] : await rowsOf(validation)]
          for (const rows of parts) expect(rows).toEqual(rows.toSorted((a, b) => a - b))
          const all = parts.flat().toSorted((a, b) => a - b)
          expect(all).toEqual(Array.from({ length: count }, (_, row) => row))
          // Labels go with their rows.
          for (const [i, rows] of parts.entries()) {
            const labels = (i === 0 ? train : validation)?.labels ?? []
            expect([...labels]).toEqual(rows.map((row) => row % 3))
          }
          const again = split()
          expect(await readAll(again.train)).toEqual(await readAll(train))
          expect(again.validation && (await rowsOf(again.validation))).toEqual(
            validation && parts[1],
          )
        },
      ),
    )
  })

  test('holds out other rows for another seed', async () => {
    const held = (seed: number) =>
      rowsOf(splitSamples(countingSamples(50), 0.5, createStream(seed)).validation!)
    expect(await held(1)).not.toEqual(await held(2))
  })

  test('refuses to leave nothing to train on, naming the range', () => {
    expect(() => splitSamples(countingSamples(2), 0.8, createStream(1))).toThrow(
      'validationFraction must be in [0, 0.75) to leave one of 2 samples for training, got 0.8',
    )
    expect(() => splitSamples(countingSamples(2), NaN, createStream(1))).toThrow('got NaN')
  })
})

describe('standardize', () => {
  test('counts each row once where rows are read in several parts, the last one short', async () => {
    const count = 400_001
    const { train } = await standardize({
      train: samplesInMemory({
        features: { kind: 'values', shape: [3] },
        targets: { kind: 'classes', count: 2, perSample: 1 },
        values: Float32Array.from({ length: 3 * count }, (_, i) => Math.floor(i / 3)),
        answers: new Int32Array(count),
      }),
      validation: null,
    })
    const [features, targets] = [new Float32Array(3), new Int32Array(1)]
    await train.read(Uint32Array.of(0), features, targets)
    // 0…n − 1 has the mean (n − 1)/2 and the variance (n² − 1)/12.
    const expected = -(count - 1) / 2 / Math.sqrt((count ** 2 - 1) / 12)
    for (const value of features) expect(Math.abs(value / expected - 1)).toBeLessThan(1e-6)
  })

  test('brings training features to mean 0 and deviation 1, and constant ones to 0', async () => {
    const { train } = await standardize({ train: countingSamples(200), validation: null })
    const scaled = await featuresOf(train)
    for (const column of [0, 1]) {
      const values = scaled.filter((_, i) => i % 3 === column)
      const mean = values.reduce((a, b) => a + b) / 200
      const variance = values.reduce((sum, x) => sum + x * x, 0) / 200
      expect(Math.abs(mean)).toBeLessThan(1e-6)
      expect(Math.abs(variance - 1)).toBeLessThan(1e-6)
    }
    expect(scaled.filter((_, i) => i % 3 === 2)).toEqual(new Array(200).fill(0))
  })

  test('measures on the training rows only', async () => {
    const train = selectRows(countingSamples(10), Uint32Array.of(0, 2))
    const validation = countingSamples(1, Float32Array.of(9, 18, 8))
    const scaled = await standardize({ train, validation })
    expect(await featuresOf(scaled.train)).toEqual([-1, -1, 0, 1, 1, 0])
    expect(await featuresOf(scaled.validation!)).toEqual([8, 8, 0])
  })

  test('takes a constant for constant though its mean rounds', async () => {
    const count = 49
    const train = countingSamples(count, new Float32Array(3 * count).fill(0.1))
    const scaled = await standardize({ train, validation: null })
    expect((await featuresOf(scaled.train)).every((value) => value === 0)).toBe(true)
  })
})

describe('summarizeSamples', () => {
  test('counts and averages the training rows', async () => {
    const train = selectRows(countingSamples(5), Uint32Array.of(0, 1, 3))
    expect(classCounts(train)).toEqual([2, 1, 0])
    const summary = await summarizeSamples({ train, validation: countingSamples(2) })
    expect(summary).toMatchObject({
      trainCount: 3,
      validationCount: 2,
      featureCount: 3,
      outputCount: 3,
      classCounts: [2, 1, 0],
    })
    // 0 0 7, 1 2 7, 3 6 7
    expect(summary.featureMean).toBeCloseTo(33 / 9, 12)
    expect(summary.featureDeviation).toBeCloseTo(Math.sqrt(197 / 9 - (33 / 9) ** 2), 12)
  })
})
