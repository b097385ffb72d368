import { describe, expect, test } from 'vitest'
import { createStream, FormatError } from '#base'
import { createBatchCursor, samplesInMemory, type Samples } from '#learn/datasets'
import { createBatchFeed } from '../../../../src-main/lab/experiments/batch-feed.ts'

/** Row r has the feature r + 1 and the class r mod 2. */
const counting = (count: number): Samples =>
  samplesInMemory({
    features: { kind: 'values', shape: [1] },
    targets: { kind: 'classes', count: 2, perSample: 1 },
    values: Float32Array.from({ length: count }, (_, row) => row + 1),
    answers: Int32Array.from({ length: count }, (_, row) => row % 2),
  })

const cursorOf = (count: number) =>
  createBatchCursor({ count, batchSize: 4, stream: createStream(1, 'batches') })

describe('createBatchFeed', () => {
  test('gives the rows of each step, a short last batch filled up by rows of weight 0', async () => {
    const [samples, cursor] = [counting(10), cursorOf(10)]
    const feed = createBatchFeed(samples, cursor, 7)
    for (let step = 0; step < 7; step += 1) {
      const rows = [...cursorOf(10).indicesAt(step)]
      const [features, targets, weights] = await feed.at(step)
      const filler = new Array<number>(4 - rows.length).fill(0)
      expect([...features!]).toEqual([...rows.map((row) => row + 1), ...filler])
      expect([...targets!]).toEqual([...rows.map((row) => row % 2), ...filler])
      const share = Math.fround(1 / rows.length)
      expect([...weights!]).toEqual([...rows.map(() => share), ...filler])
    }
  })

  test('a batch holds while the next one is read', async () => {
    const feed = createBatchFeed(counting(10), cursorOf(10), 5)
    const first = await feed.at(0)
    const copy = first.map((part) => [...part])
    // By now the next one has been read.
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(first.map((part) => [...part])).toEqual(copy)
  })

  test('begins at any step', async () => {
    const feed = createBatchFeed(counting(10), cursorOf(10), 9)
    const rows = [...cursorOf(10).indicesAt(5)].map((row) => row + 1)
    expect([...(await feed.at(5))[0]!].slice(0, rows.length)).toEqual(rows)
  })

  test('an error of a row is thrown where its batch is asked for', async () => {
    const samples: Samples = {
      ...counting(8),
      read: (rows, features, targets) =>
        rows.includes(3)
          ? Promise.reject(new FormatError('row 3', 'is broken'))
          : counting(8).read(rows, features, targets),
    }
    const broken = [0, 1].findIndex((step) => cursorOf(8).indicesAt(step).includes(3))
    const feed = createBatchFeed(samples, cursorOf(8), 2)
    if (broken === 1) await feed.at(0)
    await expect(feed.at(broken)).rejects.toThrow('row 3: is broken')
  })
})
