import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  sampleCurvedManifold,
  samplesInMemory,
  summarizeSamples,
  type Samples,
} from '#learn/datasets'
import { chooseRows, drawDistinct } from '../../../../src-main/learn/datasets/sample-distinct.ts'

const images = (values: Float32Array, shape: readonly number[]): Samples => {
  const count = values.length / shape.reduce((a, b) => a * b, 1)
  return samplesInMemory({
    features: { kind: 'values', shape },
    targets: { kind: 'values', count: 1 },
    values,
    answers: new Float32Array(count),
  })
}
const describeTrain = (train: Samples) => summarizeSamples({ train, validation: null })

describe('summarizeSamples', () => {
  test('has mean and deviation of each channel and of all', async () => {
    // Channel 0: 1, 3, 5, 7; channel 1: 10, 10, 10, 14.
    const values = Float32Array.of(1, 3, 10, 10, 5, 7, 10, 14)
    const card = await describeTrain(images(values, [2, 1, 2]))
    expect(card.featureShape).toEqual([2, 1, 2])
    expect(card.channelMeans).toEqual([4, 11])
    expect(card.channelDeviations![0]).toBeCloseTo(Math.sqrt(5), 12)
    expect(card.channelDeviations![1]).toBeCloseTo(Math.sqrt(3), 12)
    expect(card.featureMean).toBeCloseTo(7.5, 12)
    // Within channels (5 + 3)/2, between them (3.5)²
    expect(card.featureDeviation).toBeCloseTo(Math.sqrt(4 + 3.5 ** 2), 12)
  })

  test('keeps its digits far from zero', async () => {
    const values = Float32Array.from({ length: 4000 }, (_, i) => 2 ** 20 + (i % 2))
    const { featureDeviation } = await describeTrain(images(values, [4]))
    // Squares of 2²⁰ would round to 2⁻¹² in float64 and to worse in their sum.
    expect(featureDeviation).toBeCloseTo(0.5, 9)
  })

  test('lists 64 features and no more', async () => {
    const of = async (width: number) =>
      (await describeTrain(images(new Float32Array(2 * width), [width]))).channelMeans
    expect(await of(64)).toHaveLength(64)
    expect(await of(65)).toBeNull()
  })

  test('tells of tokens what tokens have', async () => {
    const train = samplesInMemory({
      features: { kind: 'tokens', length: 3, vocabulary: 50 },
      targets: { kind: 'classes', count: 50, perSample: 3 },
      values: new Int32Array(300),
      answers: new Int32Array(300),
    })
    const card = await summarizeSamples({ train, validation: train }, { bytesPerToken: 4.5 })
    expect(card).toMatchObject({ vocabulary: 50, sequenceLength: 3, bytesPerToken: 4.5 })
    expect(card).toMatchObject({ trainCount: 100, validationCount: 100, featureCount: 3 })
    expect([card.featureMean, card.featureShape, card.intrinsicDimension]).toEqual([
      null,
      null,
      null,
    ])
  })

  test('counts classes up to a thousand, and names them', async () => {
    const classes = (count: number) =>
      samplesInMemory({
        features: { kind: 'values', shape: [1] },
        targets: { kind: 'classes', count, perSample: 1 },
        values: new Float32Array(3),
        answers: Int32Array.of(0, 1, 1),
      })
    const classNames = ['cat', 'dog', 'none']
    const card = await summarizeSamples({ train: classes(3), validation: null }, { classNames })
    expect([card.classCounts, card.classNames]).toEqual([[1, 2, 0], classNames])
    expect((await describeTrain(classes(1001))).classCounts).toBeNull()
  })

  test('says no dimension of fewer than 30 rows', async () => {
    const values = Float32Array.from({ length: 87 }, (_, i) => Math.sin(i * i))
    expect((await describeTrain(images(values, [3]))).intrinsicDimension).toBeNull()
    const more = Float32Array.from({ length: 90 }, (_, i) => Math.sin(i * i))
    expect((await describeTrain(images(more, [3]))).intrinsicDimension!.samples).toBe(30)
  })

  test('measures the dimension of many features through a projection', async () => {
    const options = { curvature: 1, classes: 2, noise: 0, labelNoise: 0, intrinsicDimension: 3 }
    const stream = createStream(1, 'manifold')
    const train = sampleCurvedManifold({ ...options, dimension: 3000, samples: 1200 }, stream)
    const { intrinsicDimension } = await describeTrain(train)
    const { value } = intrinsicDimension!.twoNearestNeighbours!
    // Four relative standard errors 1/√1082, and some bias at the edge of the manifold.
    expect(Math.abs(value / 3 - 1)).toBeLessThan(0.15)
  })

  test('reads a bounded number of rows, the same ones each time', async () => {
    const seen: number[] = []
    const train: Samples = {
      features: { kind: 'values', shape: [3, 16, 16] },
      targets: { kind: 'values', count: 1 },
      count: 1_000_000,
      labels: null,
      read: (rows, features) => {
        rows.forEach((row, i) => {
          seen.push(row)
          for (let j = 0; j < 768; j += 1) features[i * 768 + j] = Math.sin(row * (j + 1))
        })
        return Promise.resolve()
      },
    }
    const card = await describeTrain(train)
    expect(seen.length).toBeLessThanOrEqual(10_000 + 2000)
    expect(Math.max(...seen)).toBeGreaterThan(990_000)
    const first = seen.splice(0)
    expect(await describeTrain(train)).toEqual(card)
    expect(seen).toEqual(first)
  })
})

describe('drawDistinct', () => {
  test('is the head of a shuffle from the front', () => {
    // The same draws made on the whole array.
    const stream = createStream(5, 'draw')
    const order = Array.from({ length: 50 }, (_, i) => i)
    for (let i = 0; i < 20; i += 1) {
      const j = i + stream.nextInteger(50 - i)
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    expect([...drawDistinct(50, 20, createStream(5, 'draw'))]).toEqual(order.slice(0, 20))
  })

  test('draws all there are, in an order that differs from theirs', () => {
    const drawn = drawDistinct(100, 100, createStream(1, 'all'))
    expect([...drawn].sort((a, b) => a - b)).toEqual([...Array(100).keys()])
    expect([...drawn]).not.toEqual([...Array(100).keys()])
  })
})

describe('chooseRows', () => {
  test('takes all rows up to the limit, and that many in order beyond', () => {
    expect([...chooseRows(4, 4, createStream(1))]).toEqual([0, 1, 2, 3])
    const chosen = [...chooseRows(1000, 5, createStream(1))]
    expect(chosen).toHaveLength(5)
    expect(chosen).toEqual([...chosen].sort((a, b) => a - b))
    expect(new Set(chosen).size).toBe(5)
  })
})
