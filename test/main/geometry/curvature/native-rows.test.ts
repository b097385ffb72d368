import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { createNativeSpace, type NativeSpace, type NativeSpaceOptions } from '#geometry/curvature'
import { blockRows, float64Space, type RowStore } from '#geometry/operators'
import { extremeEigenpairs } from '#geometry/spectral'
import { onnxRuntime } from '#tensor/runtime'
import { largestError } from '../../../support/programs.ts'

const size = 10_000
const capacity = 9
const draw = (rows: number, name: string): Float32Array => {
  const block = new Float32Array(rows * size)
  fillNormal(block, createStream(1, name))
  return block
}

let scratch = ''
let spaces: NativeSpace[] = []
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'saddle-rows-'))
  spaces = []
})
afterEach(async () => {
  for (const space of spaces) await space.release()
  rmSync(scratch, { recursive: true })
})

const create = async (options: NativeSpaceOptions): Promise<NativeSpace> => {
  const space = await createNativeSpace(size, onnxRuntime(), { scratch, ...options })
  spaces.push(space)
  return space
}
// Panels of 1,500 columns: six whole ones and a seventh of 1,000.
const whole = () => create({})
const inMemory = () => create({ panelWidth: 1500 })
const onDisk = () => create({ panelWidth: 1500, residentBytes: 0 })
const mixed = () => create({ panelWidth: 1500, residentBytes: 3.5 * 4 * capacity * 1500 })

/** Every operation once; all its results. */
async function exercise(store: RowStore): Promise<Float64Array[]> {
  const rows = draw(capacity, 'rows')
  for (let i = 0; i < capacity; i += 1) {
    await store.write(i, rows.subarray(i * size, (i + 1) * size), 1 / (i + 1))
  }
  const results: Float64Array[] = []
  const block = draw(3, 'block')
  results.push(await store.innerProducts(block.subarray(0, size), 1, capacity))
  results.push(await store.innerProducts(block.subarray(0, size), 1, 3))
  results.push(await store.innerProducts(block, 3, capacity))
  const c = Float64Array.from({ length: 3 * capacity }, (_, i) => Math.sin(i))
  await store.addTo(block, 3, c, capacity)
  await store.addTo(block.subarray(0, size), 1, c.subarray(0, 4), 4)
  results.push(Float64Array.from(block))
  await store.recombine(c.subarray(0, 2 * capacity), 2, capacity)
  results.push(await store.gram(2))
  const row = new Float32Array(size)
  store.read(1, row)
  results.push(Float64Array.from(row), Float64Array.from(store.row(0)))
  return results
}

describe('rows of a native space', () => {
  test('agree with plain float64 ones, whole and in panels', async () => {
    const expected = await exercise(blockRows(float64Space(size), capacity))
    for (const space of [await whole(), await inMemory()]) {
      const got = await exercise(await space.createRows(capacity))
      got.forEach((values, i) => {
        const scale = expected[i]!.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
        expect(largestError(values, expected[i]!)).toBeLessThan(2e-6 * scale)
      })
    }
  })

  test('give equal bytes in memory, on disk and half and half', async () => {
    const expected = await exercise(await (await inMemory()).createRows(capacity))
    expect(await exercise(await (await onDisk()).createRows(capacity))).toEqual(expected)
    expect(await exercise(await (await mixed()).createRows(capacity))).toEqual(expected)
  })

  test('read what was written last, though the next panel is read ahead', async () => {
    const store = await (await onDisk()).createRows(capacity)
    const [first, second] = [draw(1, 'first'), draw(1, 'second')]
    await store.write(0, first, 1)
    await store.innerProducts(first, 1, 1)
    await store.write(0, second, 1)
    expect(store.row(0)).toEqual(second)
    const [own] = await store.innerProducts(second, 1, 1)
    expect(Math.abs(own! / (await store.gram(1))[0]! - 1)).toBeLessThan(1e-6)
  })

  test('leave no file behind, not even while they are in use', async () => {
    const store = await (await onDisk()).createRows(capacity)
    await store.write(0, draw(1, 'w'), 1)
    expect(readdirSync(scratch)).toEqual([])
    await store.release()
    expect(readdirSync(scratch)).toEqual([])
  })

  test('give their memory back to the budget', async () => {
    const space = await create({ residentBytes: 4 * capacity * size, scratch: '/nowhere' })
    const store = await space.createRows(capacity)
    await expect(space.createRows(capacity)).rejects.toThrow(
      'the scratch folder /nowhere cannot be written to',
    )
    await store.release()
    await (await space.createRows(capacity)).release()
  })

  test('take over the memory of the last ones, and give the same results there', async () => {
    const space = await create({ panelWidth: 1500, residentBytes: 4 * capacity * size })
    const first = await space.createRows(capacity)
    const expected = await exercise(first)
    await first.release()
    const second = await space.createRows(capacity)
    expect(second.row(0)).not.toEqual(new Float32Array(size))
    expect(await exercise(second)).toEqual(expected)
  })

  test('of another capacity find the memory of released ones free', async () => {
    const space = await create({ residentBytes: 4 * capacity * size, scratch: '/nowhere' })
    for (const rows of [capacity, capacity - 1, capacity]) {
      const store = await space.createRows(rows)
      expect(store.row(0)).toEqual(new Float32Array(size))
      await store.write(0, draw(1, 'w'), 1)
      await store.release()
    }
  })

  test('have the Gram matrix of float64, beyond the rows of one product', async () => {
    const space = await inMemory()
    const count = 70
    const [store, exact] = [await space.createRows(count), blockRows(float64Space(size), count)]
    const rows = draw(count, 'many rows')
    for (let i = 0; i < count; i += 1) {
      const row = rows.subarray(i * size, (i + 1) * size)
      // Each has a part along the first, so that no entry is small.
      await space.addCombination(
        row,
        1,
        Float64Array.of(i === 0 ? 0 : 0.5),
        rows.subarray(0, size),
        1,
      )
      await store.write(i, row, 1 / 128)
      await exact.write(i, Float64Array.from(row), 1 / 128)
    }
    const gram = await store.gram(count)
    expect(gram).toHaveLength(count * count)
    expect(largestError(gram, await exact.gram(count))).toBeLessThan(1e-6)
  })

  test('that fit neither memory nor disk are refused with both sizes', async () => {
    const space = await onDisk()
    await expect(space.createRows(1e9)).rejects.toThrow(
      /the basis needs 36\.4 TiB on disk, and .* has [\d.]+ [GT]iB/,
    )
  })

  test('carry a whole eigenvalue search to the same bytes from disk', async () => {
    const search = async (space: NativeSpace) =>
      extremeEigenpairs(
        {
          size,
          space,
          preferredRows: 1,
          apply: (input, rows, output) => {
            for (let i = 0; i < rows * size; i += 1) {
              output[i] = (i % size < 5 ? 10 + (i % size) : (i % size) / size) * input[i]!
            }
            return Promise.resolve()
          },
        },
        {
          top: 3,
          bottom: 0,
          tolerance: 1e-4,
          maxProducts: 200,
          maxBasis: 14,
          stream: createStream(1),
        },
      )
    const expected = await search(await inMemory())
    expect(expected.status).toBe('converged')
    expect(
      largestError(
        expected.top.map(({ value }) => value),
        [14, 13, 12],
      ),
    ).toBeLessThan(1e-4)
    expect(await search(await onDisk())).toEqual(expected)
  })
})

describe('lengths and inner products in float32', () => {
  test.each([1e-25, 1e-19, 1, 1e19, 1e25])(
    'the norm of entries about %d is right',
    async (scale) => {
      for (const space of [await whole(), await inMemory()]) {
        const v = draw(1, 'v').map((x) => x * scale)
        const expected = await float64Space(size).norm(Float64Array.from(v))
        expect(Math.abs((await space.norm(v)) / expected - 1)).toBeLessThan(1e-6)
      }
    },
  )

  test('the norm is 0 of zero, NaN of NaN and infinite of infinity', async () => {
    const space = await whole()
    expect(await space.norm(new Float32Array(size))).toBe(0)
    expect(await space.norm(new Float32Array(size).fill(Number.NaN, 7, 8))).toBeNaN()
    expect(await space.norm(new Float32Array(size).fill(Infinity, 7, 8))).toBe(Infinity)
  })

  test('of long vectors keep six digits, where one float32 sum keeps three', async () => {
    const length = 4_000_003
    const space = await createNativeSpace(length)
    spaces.push(space)
    const [a, b] = [new Float32Array(2 * length), new Float32Array(length)]
    fillNormal(a, createStream(1, 'long'))
    b.set(a.subarray(length))
    const exact = (x: Float32Array, y: Float32Array): number =>
      x.reduce((sum, value, i) => sum + value * y[i]!, 0)
    const square = exact(b, b)
    expect(Math.abs((await space.norm(b)) ** 2 / square - 1)).toBeLessThan(1e-6)
    // One row, several against one, several against several.
    const [, single] = await space.innerProducts(a, 2, b, 1)
    expect(Math.abs(single! / square - 1)).toBeLessThan(1e-6)
    const gram = await space.innerProducts(a, 2, a, 2)
    expect(Math.abs(gram[3]! / square - 1)).toBeLessThan(1e-6)
    expect(Math.abs(gram[1]! - exact(a.subarray(0, length), b))).toBeLessThan(1e-6 * square)
    const store = await space.createRows(2)
    await store.write(0, b, 1)
    expect(Math.abs((await store.gram(1))[0]! / square - 1)).toBeLessThan(1e-6)
  })
})
