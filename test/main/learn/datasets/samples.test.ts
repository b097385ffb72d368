import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  classCounts,
  gatherRows,
  selectRows,
  splitSamples,
  standardize,
  summarizeSamples,
  type Samples,
} from '#learn/datasets'

/** Row r has features (r, 2r, 7) and class r mod 3. */
function countingSamples(count: number): Samples {
  const labels = Int32Array.from({ length: count }, (_, row) => row % 3)
  return {
    count,
    featureCount: 3,
    outputCount: 3,
    features: Float32Array.from({ length: 3 * count }, (_, i) => {
      const row = Math.floor(i / 3)
      return [row, 2 * row, 7][i % 3]!
    }),
    targets: Float32Array.from({ length: 3 * count }, (_, i) =>
      labels[Math.floor(i / 3)] === i % 3 ? 1 : 0,
    ),
    labels,
  }
}
const rowsOf = ({ features }: Samples) => [...features].filter((_, i) => i % 3 === 0)

describe('selectRows', () => {
  test('takes rows in the order given, more than once if asked', () => {
    const picked = selectRows(countingSamples(5), Uint32Array.of(4, 0, 4))
    expect([...picked.features]).toEqual([4, 8, 7, 0, 0, 7, 4, 8, 7])
    expect([...picked.targets]).toEqual([0, 1, 0, 1, 0, 0, 0, 1, 0])
    expect([...picked.labels!]).toEqual([1, 0, 1])
    expect(picked.count).toBe(3)
  })

  test('leaves regression without labels', () => {
    const samples = { ...countingSamples(2), labels: null }
    expect(selectRows(samples, Uint32Array.of(1)).labels).toBeNull()
  })
})

describe('gatherRows', () => {
  test('leaves the rest of a larger buffer alone', () => {
    const features = new Float32Array(9).fill(-1)
    const targets = new Float32Array(9).fill(-1)
    gatherRows(countingSamples(4), Uint32Array.of(2), features, targets)
    expect([...features]).toEqual([2, 4, 7, -1, -1, -1, -1, -1, -1])
    expect([...targets]).toEqual([0, 0, 1, -1, -1, -1, -1, -1, -1])
  })
})

describe('splitSamples', () => {
  test('parts the rows without loss, in their order, by the seed alone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        fc.nat(),
        (count, fraction, seed) => {
          const heldOut = Math.round(fraction * count)
          fc.pre(heldOut < count)
          const split = () => splitSamples(countingSamples(count), fraction, createStream(seed))
          const { train, validation } = split()
          expect(validation?.count ?? 0).toBe(heldOut)
          const parts = [rowsOf(train), validation === null ? [] : rowsOf(validation)]
          for (const rows of parts) expect(rows).toEqual(rows.toSorted((a, b) => a - b))
          const all = parts.flat().toSorted((a, b) => a - b)
          expect(all).toEqual(Array.from({ length: count }, (_, row) => row))
          expect(split()).toEqual({ train, validation })
        },
      ),
    )
  })

  test('holds out other rows for another seed', () => {
    const held = (seed: number) =>
      rowsOf(splitSamples(countingSamples(50), 0.5, createStream(seed)).validation!)
    expect(held(1)).not.toEqual(held(2))
  })

  test('refuses to leave nothing to train on, naming the range', () => {
    expect(() => splitSamples(countingSamples(2), 0.8, createStream(1))).toThrow(
      'validationFraction must be in [0, 0.75) to leave one of 2 samples for training, got 0.8',
    )
    expect(() => splitSamples(countingSamples(2), NaN, createStream(1))).toThrow('got NaN')
  })
})

describe('standardize', () => {
  test('brings training features to mean 0 and deviation 1, and constant ones to 0', () => {
    const { train } = standardize({ train: countingSamples(200), validation: null })
    for (const column of [0, 1]) {
      const values = [...train.features].filter((_, i) => i % 3 === column)
      const mean = values.reduce((a, b) => a + b) / 200
      const variance = values.reduce((sum, x) => sum + x * x, 0) / 200
      expect(Math.abs(mean)).toBeLessThan(1e-6)
      expect(Math.abs(variance - 1)).toBeLessThan(1e-6)
    }
    expect([...train.features].filter((_, i) => i % 3 === 2)).toEqual(new Array(200).fill(0))
  })

  test('measures on the training rows only', () => {
    const train = selectRows(countingSamples(10), Uint32Array.of(0, 2))
    const validation = { ...selectRows(countingSamples(10), Uint32Array.of(9)) }
    validation.features[2] = 8
    const scaled = standardize({ train, validation })
    expect([...scaled.train.features]).toEqual([-1, -1, 0, 1, 1, 0])
    expect([...scaled.validation!.features]).toEqual([8, 8, 0])
  })

  test('takes a constant for constant though its mean rounds', () => {
    const count = 49
    const train: Samples = {
      ...countingSamples(count),
      featureCount: 1,
      features: new Float32Array(count).fill(0.1),
    }
    const { features } = standardize({ train, validation: null }).train
    expect(features.every((value) => value === 0)).toBe(true)
  })
})

describe('summarizeSamples', () => {
  test('counts and averages the training rows', () => {
    const train = selectRows(countingSamples(5), Uint32Array.of(0, 1, 3))
    expect(classCounts(train)).toEqual([2, 1, 0])
    const summary = summarizeSamples({ train, validation: countingSamples(2) })
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
