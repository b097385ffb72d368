import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { createBatchCursor, epochOrder } from '#learn/datasets'

const cursorOf = (count: number, batchSize: number, seed: number) =>
  createBatchCursor({ count, batchSize, stream: createStream(seed, 'batches') })

describe('createBatchCursor', () => {
  test('visits every row once an epoch and keeps the smaller last batch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(1000),
        (count, batchSize, epoch) => {
          const cursor = cursorOf(count, batchSize, 3)
          const first = epoch * cursor.stepsPerEpoch
          const batches = Array.from({ length: cursor.stepsPerEpoch }, (_, i) => [
            ...cursor.indicesAt(first + i),
          ])
          expect(batches.flat().toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: count }, (_, row) => row),
          )
          for (const batch of batches.slice(0, -1)) expect(batch.length).toBe(cursor.batchSize)
          expect(batches.at(-1)!.length).toBeGreaterThan(0)
        },
      ),
    )
  })

  test('tells the rows of a step from the seed and the step alone', () => {
    const forward = cursorOf(23, 5, 7)
    const seen = Array.from({ length: 40 }, (_, step) => [...forward.indicesAt(step)])
    const jumping = cursorOf(23, 5, 7)
    for (const step of [39, 0, 17, 5, 16, 38, 4]) {
      expect([...jumping.indicesAt(step)]).toEqual(seen[step])
      expect([...cursorOf(23, 5, 7).indicesAt(step)]).toEqual(seen[step])
    }
  })

  test('does not depend on what was drawn from the stream', () => {
    const used = createStream(7, 'batches')
    for (let i = 0; i < 5; i += 1) used.nextNormal()
    const cursor = createBatchCursor({ count: 9, batchSize: 2, stream: used })
    expect([...cursor.indicesAt(3)]).toEqual([...cursorOf(9, 2, 7).indicesAt(3)])
  })

  test('orders epochs and seeds differently', () => {
    const orders = [1, 2].flatMap((seed) =>
      [0, 1].map((epoch) => epochOrder(30, createStream(seed), epoch).join()),
    )
    expect(new Set(orders).size).toBe(4)
  })

  test('puts each row first about equally often', () => {
    const counts = new Array<number>(5).fill(0)
    for (let epoch = 0; epoch < 5000; epoch += 1) {
      counts[epochOrder(5, createStream(11), epoch)[0]!]! += 1
    }
    // Binomial with p = 1/5: standard error √(5000 · 0.16) = 28.3
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(4 * 28.3)
  })

  test('keeps the order of rows in a batch of all', () => {
    const cursor = cursorOf(4, 100, 1)
    expect([cursor.batchSize, cursor.stepsPerEpoch]).toEqual([4, 1])
    expect([...cursor.indicesAt(9)]).toEqual([0, 1, 2, 3])
  })

  test('refuses sizes and steps that are no counts', () => {
    expect(() => cursorOf(0, 1, 1)).toThrow('count must be an integer of at least 1, got 0')
    expect(() => cursorOf(1, 0.5, 1)).toThrow('batchSize must be an integer of at least 1, got 0.5')
    expect(() => cursorOf(1, 1, 1).indicesAt(-1)).toThrow('step must be an integer of at least 0')
  })
})

describe('createBatchCursor with an overlap', () => {
  const cases = fc.record({
    count: fc.integer({ min: 2, max: 60 }),
    batchSize: fc.integer({ min: 1, max: 70 }),
    overlap: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    partial: fc.constantFrom('keep' as const, 'drop' as const),
    epoch: fc.nat(20),
  })
  type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never
  const epochOf = ({ epoch, ...options }: Case): number[][] => {
    const cursor = createBatchCursor({ ...options, stream: createStream(3, 'batches') })
    return Array.from({ length: cursor.stepsPerEpoch }, (_, i) => [
      ...cursor.indicesAt(epoch * cursor.stepsPerEpoch + i),
    ])
  }
  const sharedRows = ({ count, batchSize, overlap }: Case): number =>
    overlap === 0 || batchSize === 1 || batchSize >= count
      ? 0
      : Math.max(1, Math.min(Math.round(overlap * batchSize), batchSize - 1))

  test('visits every row in each epoch, those that do not fill a batch too unless they are dropped', () => {
    fc.assert(
      fc.property(cases, (options) => {
        const { count, partial } = options
        const visited = new Set(epochOf(options).flat()).size
        const batchSize = Math.min(options.batchSize, count)
        if (partial === 'keep') expect(visited).toBe(count)
        else expect(count - visited).toBeLessThan(batchSize - sharedRows(options))
      }),
    )
  })

  test('gives the last rows of a batch to the next one as its first', () => {
    fc.assert(
      fc.property(cases, (options) => {
        const shared = sharedRows(options)
        const batches = epochOf(options)
        batches.slice(1).forEach((batch, i) => {
          const before = batches[i]!
          expect(before.filter((row) => batch.includes(row))).toEqual(batch.slice(0, shared))
          expect(before.slice(before.length - shared)).toEqual(batch.slice(0, shared))
          expect(batch.length).toBeGreaterThan(shared)
        })
      }),
    )
  })

  test('fills all batches but the last, and that too if a partial one is dropped', () => {
    fc.assert(
      fc.property(cases, (options) => {
        const batches = epochOf(options)
        const full = options.partial === 'drop' ? batches : batches.slice(0, -1)
        for (const batch of full) {
          expect(batch.length).toBe(Math.min(options.batchSize, options.count))
        }
      }),
    )
  })

  test('tells the rows of a step from the seed and the step alone', () => {
    const create = () =>
      createBatchCursor({
        count: 23,
        batchSize: 6,
        overlap: 0.3,
        stream: createStream(7, 'batches'),
      })
    const forward = create()
    const seen = Array.from({ length: 30 }, (_, step) => [...forward.indicesAt(step)])
    for (const step of [29, 0, 17, 5, 16, 4]) {
      expect([...create().indicesAt(step)]).toEqual(seen[step])
    }
  })

  test('refuses shares that are no part', () => {
    for (const overlap of [-0.1, 1, Number.NaN]) {
      expect(() =>
        createBatchCursor({ count: 4, batchSize: 2, overlap, stream: createStream(1) }),
      ).toThrow(`overlap must be in 0…1, 1 excluded, got ${overlap}`)
    }
  })
})

test('rows that do not fill the last batch of an epoch are dropped if wanted, others each time', () => {
  const cursor = createBatchCursor({
    count: 10,
    batchSize: 4,
    partial: 'drop',
    stream: createStream(1),
  })
  expect(cursor.stepsPerEpoch).toBe(2)
  const epochs = [0, 1, 2, 3].map((epoch) =>
    [0, 1].flatMap((step) => [...cursor.indicesAt(2 * epoch + step)]),
  )
  for (const rows of epochs) expect(new Set(rows).size).toBe(8)
  expect(new Set(epochs.flat()).size).toBe(10)
})
