import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  createBatchCursor,
  formatNpz,
  loadDigits,
  loadMnist,
  loadSamplesFile,
  loadText,
  sampleGaussianMixture,
  sampleTeacherStudent,
  splitSamples,
} from '#learn/datasets'

const resources = join(import.meta.dirname, '../../../resources/data')
const folder = mkdtempSync(join(tmpdir(), 'saddle-data-'))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, x: number[], y: number[], columns = 2): string => {
  const path = join(folder, name)
  const arrays = new Map([
    ['x', { shape: [x.length / columns, columns], data: Float64Array.from(x) }],
    ['y', { shape: [y.length], data: Float64Array.from(y) }],
  ])
  writeFileSync(path, formatNpz(arrays))
  return path
}
const classes = { task: 'classification' } as const

describe('shipped data', () => {
  test('holds the digits, MNIST and the text whole', async () => {
    const digits = await loadDigits(resources)
    expect([digits.count, digits.featureCount, digits.outputCount]).toEqual([1797, 64, 10])
    expect(Math.max(...digits.features)).toBe(1)
    const mnist = await loadMnist(resources, 500)
    expect([mnist.count, mnist.featureCount]).toEqual([500, 784])
    const text = await loadText(resources, { context: 3, samples: 50, stream: createStream(1) })
    expect(text.featureCount).toBe(3 * text.outputCount)
    for (let row = 0; row < 50; row += 1) {
      const bits = text.features.subarray(row * text.featureCount, (row + 1) * text.featureCount)
      expect(bits.reduce((a, b) => a + b)).toBe(3)
    }
  })
})

describe('synthetic data', () => {
  const options = {
    dimension: 12,
    intrinsicDimension: 3,
    classes: 4,
    samples: 4000,
    separation: 6,
    noise: 0.5,
    labelNoise: 0,
  }

  test('are equal for equal seeds and differ for others', () => {
    const draw = (seed: number) => sampleGaussianMixture(options, createStream(seed)).features
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })

  test('have the noise asked for within a class, in the intrinsic dimensions only', () => {
    const { features, labels } = sampleGaussianMixture(options, createStream(3))
    // Total within-class variance is k·noise².
    let total = 0
    for (let label = 0; label < 4; label += 1) {
      const rows = [...labels!.keys()].filter((row) => labels![row] === label)
      for (let j = 0; j < 12; j += 1) {
        const values = rows.map((row) => features[row * 12 + j]!)
        const mean = values.reduce((a, b) => a + b) / values.length
        total += values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1) / 4
      }
    }
    // 4,000 · 3 squares: standard error 0.75·√(2/12,000) = 0.0097
    expect(Math.abs(total - 3 * 0.25)).toBeLessThan(0.04)
  })

  test('of a teacher without noise are a function of the features', () => {
    const draw = (noise: number) =>
      sampleTeacherStudent(
        {
          dimension: 5,
          outputs: 2,
          teacherHidden: [4],
          teacherActivation: 'tanh',
          samples: 2000,
          noise,
        },
        createStream(4),
      )
    const [clean, noisy] = [draw(0), draw(0.3)]
    expect(clean.features).toEqual(noisy.features)
    const squares = clean.targets.reduce((sum, y, i) => sum + (noisy.targets[i]! - y) ** 2, 0)
    // 4,000 squares: relative standard error √(2/4,000) = 2.2 %
    expect(Math.abs(squares / 4000 / 0.09 - 1)).toBeLessThan(0.09)
  })
})

describe('loadSamplesFile', () => {
  test('reads classes and refuses what is not one, naming the row', async () => {
    const good = await loadSamplesFile(write('good.npz', [1, 2, 3, 4], [0, 2]), classes)
    expect([good.count, good.outputCount]).toEqual([2, 3])
    await expect(
      loadSamplesFile(write('half.npz', [1, 2, 3, 4], [0, 0.5]), classes),
    ).rejects.toThrow(/y in .*half.npz must be classes 0, 1, …, got 0.5 at row 1/)
  })

  test('names array, row and column of a NaN', async () => {
    const path = write('nan.npz', [1, 2, 3, NaN], [0, 1])
    await expect(loadSamplesFile(path, classes)).rejects.toThrow(
      /not a finite number in x of .*nan.npz, row 1, column 1/,
    )
  })

  test('names both arrays when their lengths differ', async () => {
    const path = write('short.npz', [1, 2, 3, 4], [0])
    await expect(loadSamplesFile(path, classes)).rejects.toThrow(
      /y in .*short.npz must have shape \[2, …\], got \[1\]/,
    )
  })

  test('says so when there is no such file', async () => {
    await expect(loadSamplesFile(join(folder, 'none.npz'), classes)).rejects.toThrow(
      /file not found: .*none.npz/,
    )
  })
})

describe('splitSamples', () => {
  test('parts the samples without loss', async () => {
    const digits = await loadDigits(resources)
    const { train, validation } = splitSamples(digits, 0.2, createStream(1))
    expect([train.count, validation!.count]).toEqual([1438, 359])
    const total = (features: Float32Array) => features.reduce((a, b) => a + b, 0)
    expect(total(train.features) + total(validation!.features)).toBe(total(digits.features))
  })
})

describe('createBatchCursor', () => {
  test('gives every row once an epoch, in an order that only seed and step decide', () => {
    const cursor = createBatchCursor({ count: 23, batchSize: 5, seed: 7 })
    expect(cursor.stepsPerEpoch).toBe(5)
    const epoch = [5, 6, 7, 8, 9].flatMap((step) => [...cursor.rowsAt(step)])
    expect(epoch.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i))
    const later = createBatchCursor({ count: 23, batchSize: 5, seed: 7 })
    expect([...later.rowsAt(7)]).toEqual([...cursor.rowsAt(7)])
    expect([...cursor.rowsAt(0)]).not.toEqual([...cursor.rowsAt(5)])
  })
})
