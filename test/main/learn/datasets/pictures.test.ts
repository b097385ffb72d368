import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createStream, FormatError, InputError, MissingFileError, ShapeError } from '#base'
import {
  augment,
  loadIdxFiles,
  loadIdxFolder,
  normalizePixels,
  readAll,
  rowRange,
  samplesInMemory,
  type Samples,
} from '#learn/datasets'
import { fixturePath } from '../../../support/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'saddle-pictures-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Pictures whose values tell sample, channel, row and column apart; none is 0. */
function countedPictures(
  count: number,
  [channels, height, width]: [number, number, number],
): Samples {
  const size = channels * height * width
  return samplesInMemory({
    features: { kind: 'values', shape: [channels, height, width] },
    targets: { kind: 'classes', count: 7, perSample: 1 },
    values: Float32Array.from({ length: count * size }, (_, i) => i + 1),
    answers: Int32Array.from({ length: count }, (_, i) => i % 7),
  })
}
const vector = samplesInMemory({
  features: { kind: 'values', shape: [4] },
  targets: { kind: 'classes', count: 2, perSample: 1 },
  values: new Float32Array(8),
  answers: new Int32Array(2),
})
const idx = (shape: number[], data: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length)
  bytes.set([0, 0, 8, shape.length])
  const view = new DataView(bytes.buffer)
  shape.forEach((extent, axis) => view.setUint32(4 + 4 * axis, extent))
  bytes.set(data, 4 + 4 * shape.length)
  return bytes
}

describe('loadIdxFiles', () => {
  test('reads a pair in the format of MNIST', async () => {
    const samples = await loadIdxFiles(
      fixturePath('codecs', 'images.idx'),
      fixturePath('codecs', 'labels.idx'),
    )
    expect(samples.features).toEqual({ kind: 'values', shape: [1, 3, 3] })
    expect(samples.targets).toEqual({ kind: 'classes', count: 2, perSample: 1 })
    const { features, targets } = await readAll(samples)
    expect(features).toEqual(Float32Array.from({ length: 18 }, (_, i) => i / 255))
    expect([...targets]).toEqual([1, 0])
  })

  test('reads a folder, gzipped or not, and counts the classes of the training part', async () => {
    const pictures = idx(
      [2, 2, 3],
      Uint8Array.from({ length: 12 }, (_, i) => i),
    )
    writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(pictures))
    writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([2], Uint8Array.of(4, 0)))
    writeFileSync(join(folder, 't10k-images.idx3-ubyte'), pictures)
    await expect(loadIdxFolder(folder)).rejects.toThrow(MissingFileError)
    writeFileSync(
      join(folder, 't10k-labels-idx1-ubyte.gz'),
      gzipSync(idx([2], Uint8Array.of(1, 3))),
    )
    const { train, test: held } = await loadIdxFolder(folder)
    expect([train.targets.count, held.targets.count]).toEqual([5, 5])
    expect([...held.labels!]).toEqual([1, 3])
    await expect(loadIdxFolder(folder, { classCount: 4 })).rejects.toThrow(
      'train-labels-idx1-ubyte: label must be in 0…3, got 4 at row 0',
    )
  })

  test('refuses pictures and labels that do not fit', async () => {
    const paths = ['a', 'b'].map((name) => join(folder, name)) as [string, string]
    const load = async (images: Uint8Array, labels: Uint8Array) => {
      writeFileSync(paths[0], images)
      writeFileSync(paths[1], labels)
      await loadIdxFiles(...paths)
    }
    const labels = idx([2], Uint8Array.of(0, 1))
    await expect(load(idx([2, 4], new Uint8Array(8)), labels)).rejects.toThrow(ShapeError)
    await expect(load(idx([3, 1, 2], new Uint8Array(6)), labels)).rejects.toThrow(ShapeError)
    await expect(
      load(idx([0, 1, 2], new Uint8Array(0)), idx([0], new Uint8Array(0))),
    ).rejects.toThrow(ShapeError)
    await expect(load(Uint8Array.of(0, 0, 0x0b, 1, 0, 0, 0, 1, 0, 9), labels)).rejects.toThrow(
      FormatError,
    )
  })
})

describe('normalizePixels', () => {
  test('is the identity followed by a shift and a scale of each channel', async () => {
    const samples = countedPictures(3, [2, 2, 3])
    const raw = await readAll(samples)
    const { features } = await readAll(normalizePixels(samples, { mean: [1, -2], std: [2, 0.5] }))
    const wanted = raw.features.map((value, i) =>
      Math.floor(i / 6) % 2 === 0 ? (value - 1) / 2 : (value + 2) / 0.5,
    )
    expect(features).toEqual(wanted)
  })

  test('refuses what is no picture, and scales of other channels', () => {
    const samples = countedPictures(1, [2, 2, 2])
    expect(() => normalizePixels(vector, { mean: [0], std: [1] })).toThrow(ShapeError)
    expect(() => normalizePixels(samples, { mean: [0], std: [1, 1] })).toThrow(
      'mean must be 2 finite numbers, one a channel, got [0]',
    )
    expect(() => normalizePixels(samples, { mean: [0, 0], std: [1, 0] })).toThrow(
      'std must be 2 positive numbers, one a channel, got [1, 0]',
    )
  })
})

describe('augment', () => {
  const stream = createStream(3, 'augment')

  test('gives the originals at every copies-th row, with their labels', async () => {
    const samples = countedPictures(9, [2, 4, 5])
    const larger = augment(samples, { copies: 3, cropPadding: 2, flip: true }, stream)
    expect(larger.count).toBe(27)
    const raw = await readAll(samples)
    const { features, targets } = await readAll(larger)
    for (let i = 0; i < 9; i += 1) {
      const original = raw.features.subarray(i * 40, (i + 1) * 40)
      expect(features.subarray(3 * i * 40, (3 * i + 1) * 40)).toEqual(original)
    }
    expect([...targets]).toEqual([...raw.targets].flatMap((label) => [label, label, label]))
    expect(larger.labels).toEqual(targets)
  })

  test('cuts one window out of the padded picture, or out of its mirror image', async () => {
    const [channels, height, width, padding, copies] = [2, 4, 5, 2, 6]
    const samples = countedPictures(20, [channels, height, width])
    const options = { copies, cropPadding: padding, flip: true, fill: [-1, -2] }
    const raw = await readAll(samples)
    const { features } = await readAll(augment(samples, options, stream))
    const seen = new Set<string>()
    for (let row = 0; row < 20 * copies; row += 1) {
      if (row % copies === 0) continue
      const base = Math.floor(row / copies) * channels * height * width
      /** Value of the original at a place, or what is filled in. */
      const at = (c: number, y: number, x: number) =>
        y < 0 || y >= height || x < 0 || x >= width
          ? options.fill[c]!
          : raw.features[base + (c * height + y) * width + x]!
      const version = features.subarray(row * 40, (row + 1) * 40)
      const fits = (down: number, right: number, isFlipped: boolean) =>
        version.every((value, i) => {
          const [c, y, x] = [Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5]
          return value === at(c, y + down, (isFlipped ? width - 1 - x : x) + right)
        })
      const shifts = [-2, -1, 0, 1, 2]
      const found = shifts.flatMap((down) =>
        shifts.flatMap((right) =>
          [false, true].flatMap((f) => (fits(down, right, f) ? [`${down} ${right} ${f}`] : [])),
        ),
      )
      expect(found).toHaveLength(1)
      seen.add(found[0]!)
    }
    // Of 50 variations, 100 draws leave few unseen: 50·(1 − 1/50)¹⁰⁰ ≈ 6.6 on average.
    expect(seen.size).toBeGreaterThan(35)
  })

  test('reads rows in any order and any batch alike, and depends on the seed', async () => {
    const samples = countedPictures(6, [1, 3, 3])
    const options = { copies: 4, cropPadding: 1, flip: true }
    const larger = augment(samples, options, stream)
    const all = await readAll(larger)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(23), { minLength: 1, maxLength: 9 }), async (rows) => {
        const features = new Float32Array(rows.length * 9)
        const targets = new Int32Array(rows.length)
        await larger.read(Uint32Array.from(rows), features, targets)
        rows.forEach((row, i) => {
          expect(features.subarray(9 * i, 9 * i + 9)).toEqual(
            all.features.subarray(9 * row, 9 * row + 9),
          )
          expect(targets[i]).toBe(all.targets[row])
        })
      }),
    )
    const other = await readAll(augment(samples, options, createStream(4, 'augment')))
    expect(other.features).not.toEqual(all.features)
    const beyond = new Float32Array(20).fill(7)
    await larger.read(rowRange(0, 2), beyond, new Int32Array(2))
    expect([...beyond.subarray(18)]).toEqual([7, 7])
  })

  test('changes nothing if nothing is asked for', async () => {
    const samples = countedPictures(2, [1, 2, 2])
    const { features } = await readAll(augment(samples, { copies: 2 }, stream))
    expect([...features]).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8])
  })

  test.each([
    [{ copies: 0 }, 'copies must be an integer of at least 1, got 0'],
    [{ copies: 1.5 }, 'copies must be an integer'],
    [{ copies: 2 ** 29 }, 'copies must be at most'],
    [{ copies: 2, cropPadding: 4 }, 'cropPadding must be in 0…3, got 4'],
    [{ copies: 2, fill: [1] }, 'fill must be 2 finite numbers, got [1]'],
  ])('refuses %j', (options, problem) => {
    const samples = countedPictures(2, [2, 3, 4])
    expect(() => augment(samples, options, stream)).toThrow(InputError)
    expect(() => augment(samples, options, stream)).toThrow(problem)
    expect(() => augment(vector, { copies: 2 }, stream)).toThrow(ShapeError)
  })
})
