import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { FormatError, InputError, MissingFileError } from '#base'
import {
  loadCifar,
  memorySource,
  parseCifarBinary,
  parseCifarPickle,
  readAll,
  sourceCursor,
  tarMembers,
} from '#learn/datasets'
import { fixturePath } from '../../../support/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'saddle-cifar-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Golden {
  readonly batches: { readonly [name: string]: { labels: number[]; sum: number; start: number[] } }
}
const golden = JSON.parse(readFileSync(fixturePath('datasets', 'cifar-10.json'), 'utf8')) as Golden
const archive = (name: string) => fixturePath('datasets', `cifar-${name}.tar.gz`)

/** Unpacks an archive of the fixtures, and gives the folder around its own. */
async function unpack(name: string): Promise<string> {
  const bytes = gunzipSync(readFileSync(archive(name)))
  const target = join(folder, name)
  for await (const member of tarMembers(sourceCursor(memorySource(bytes, name)), name)) {
    mkdirSync(join(target, dirname(member.name)), { recursive: true })
    writeFileSync(join(target, member.name), await member.read())
  }
  return target
}

async function contents(path: string, variant: 'cifar-10' | 'cifar-100', labels?: 'coarse') {
  const { train, test: held, classNames } = await loadCifar(path, { variant, labels })
  const trainValues = await readAll(train)
  const heldValues = await readAll(held)
  return { trainValues, heldValues, classNames, classCount: train.targets.count }
}

describe('loadCifar', () => {
  test.each(['10-binary', '10-python'])('reads the archive %s', async (name) => {
    const {
      train,
      test: held,
      classNames,
    } = await loadCifar(archive(name), { variant: 'cifar-10' })
    const names = [1, 2, 3, 4, 5].map((part) => `data_batch_${part}`)
    expect(train.features).toEqual({ kind: 'values', shape: [3, 32, 32] })
    expect(train.targets).toEqual({ kind: 'classes', count: 10, perSample: 1 })
    expect([...train.labels!]).toEqual(names.flatMap((batch) => golden.batches[batch]!.labels))
    expect([...held.labels!]).toEqual(golden.batches.test_batch!.labels)
    expect(classNames?.slice(0, 2)).toEqual(['airplane', 'automobile'])
    const { features, targets } = await readAll(train)
    expect([...targets]).toEqual([...train.labels!])
    const bytes = Float64Array.from(features, (value) => value * 255)
    const sums = names.map((_, i) =>
      Math.round(bytes.subarray(i * 6144, (i + 1) * 6144).reduce((sum, value) => sum + value, 0)),
    )
    expect(sums).toEqual(names.map((batch) => golden.batches[batch]!.sum))
    // Across the border between the red and the green plane of one picture.
    const start = [...bytes.subarray(3072 + 1020, 3072 + 1030)].map(Math.round)
    expect(start).toEqual(golden.batches.data_batch_1!.start)
  })

  test.each(['10', '100'] as const)(
    'reads equal values of every form of CIFAR-%s',
    async (name) => {
      const variant = `cifar-${name}` as const
      const wanted = await contents(archive(`${name}-binary`), variant)
      expect(await contents(archive(`${name}-python`), variant)).toEqual(wanted)
      for (const form of [`${name}-binary`, `${name}-python`]) {
        const parent = await unpack(form)
        expect(await contents(parent, variant)).toEqual(wanted)
        const inner = form.endsWith('binary')
          ? { '10': 'cifar-10-batches-bin', '100': 'cifar-100-binary' }[name]
          : { '10': 'cifar-10-batches-py', '100': 'cifar-100-python' }[name]
        expect(await contents(join(parent, inner), variant)).toEqual(wanted)
        const plain = join(folder, `${form}.tar`)
        writeFileSync(plain, gunzipSync(readFileSync(archive(form))))
        expect(await contents(plain, variant)).toEqual(wanted)
      }
    },
  )

  test.each(['100-binary', '100-python'])('reads fine and coarse labels of %s', async (name) => {
    const fine = await loadCifar(archive(name), { variant: 'cifar-100' })
    expect([...fine.train.labels!, ...fine.test.labels!]).toEqual([99, 1, 40, 7, 63])
    expect([fine.train.targets.count, fine.classNames?.[99]]).toEqual([100, 'fine 99'])
    const coarse = await loadCifar(archive(name), { variant: 'cifar-100', labels: 'coarse' })
    expect([...coarse.train.labels!, ...coarse.test.labels!]).toEqual([19, 0, 8, 1, 12])
    expect([coarse.train.targets.count, coarse.classNames?.[19]]).toEqual([20, 'coarse 19'])
  })

  test('normalizes by the channels of its training set', async () => {
    const raw = await readAll((await loadCifar(archive('10-binary'), { variant: 'cifar-10' })).test)
    const options = { variant: 'cifar-10', normalize: true } as const
    const scaled = await readAll((await loadCifar(archive('10-binary'), options)).test)
    const wanted = Float32Array.from(raw.features, (value, i) => {
      const channel = Math.floor(i / 1024) % 3
      const mean = [0.4914, 0.4822, 0.4465][channel]!
      return (value - mean) / [0.247, 0.2435, 0.2616][channel]!
    })
    wanted.forEach((value, i) => expect(scaled.features[i]!).toBeCloseTo(value, 5))
  })

  test('reads rows in any order, across the borders of its files', async () => {
    const { train } = await loadCifar(archive('10-python'), { variant: 'cifar-10' })
    const all = await readAll(train)
    const features = new Float32Array(4 * 3072)
    const targets = new Int32Array(4)
    await train.read(Uint32Array.of(9, 0, 5, 5), features, targets)
    const rows = [9, 0, 5, 5]
    rows.forEach((row, i) => {
      expect(features.subarray(i * 3072, (i + 1) * 3072)).toEqual(
        all.features.subarray(row * 3072, (row + 1) * 3072),
      )
      expect(targets[i]).toBe(all.targets[row])
    })
  })

  test('says what is missing or wrong, and where', async () => {
    const variant = 'cifar-10'
    await expect(loadCifar(join(folder, 'none'), { variant })).rejects.toThrow(MissingFileError)
    await expect(loadCifar(folder, { variant })).rejects.toThrow(
      `${folder}: holds no cifar-10: neither data_batch_1.bin nor data_batch_1`,
    )
    await expect(loadCifar(archive('10-binary'), { variant, labels: 'coarse' })).rejects.toThrow(
      InputError,
    )
    await expect(loadCifar(archive('100-binary'), { variant })).rejects.toThrow('holds no cifar-10')
    const parent = await unpack('10-binary')
    const inner = join(parent, 'cifar-10-batches-bin')
    rmSync(join(inner, 'data_batch_3.bin'))
    await expect(loadCifar(parent, { variant })).rejects.toThrow('has no data_batch_3.bin')
    writeFileSync(join(inner, 'data_batch_3.bin'), new Uint8Array(3073 + 5))
    await expect(loadCifar(parent, { variant })).rejects.toThrow(
      `${join(inner, 'data_batch_3.bin')}: must be records of 3073 bytes, has 3078 bytes (at byte 3073)`,
    )
    writeFileSync(join(inner, 'data_batch_3.bin'), new Uint8Array(2 * 3073).fill(10, 3073))
    await expect(loadCifar(parent, { variant })).rejects.toThrow(
      'label must be an integer in 0…9, got 10 at record 1',
    )
  })

  test('refuses archives that are cut off or damaged', async () => {
    const bytes = readFileSync(archive('10-binary'))
    const path = join(folder, 'damaged.tar.gz')
    const load = () => loadCifar(path, { variant: 'cifar-10' })
    for (const length of [1, 10, 300, bytes.length - 9, bytes.length - 4]) {
      writeFileSync(path, bytes.subarray(0, length))
      await expect(load()).rejects.toThrow(FormatError)
    }
    // The checksum at the end is the only witness of this one.
    writeFileSync(path, bytes.with(bytes.length - 6, bytes[bytes.length - 6]! ^ 1))
    await expect(load()).rejects.toThrow(/broken gzip stream/)
    const huge = gunzipSync(bytes)
    huge.set(new TextEncoder().encode('77777777777\0'), 512 + 124)
    writeFileSync(path, gzipSync(huge))
    await expect(load()).rejects.toThrow(FormatError)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        writeFileSync(path, bytes.with(at, value))
        const error: unknown = await load().catch((thrown: unknown) => thrown)
        if (error instanceof Error) expect(error).toBeInstanceOf(FormatError)
      }),
      { numRuns: 40 },
    )
  })
})

describe('parseCifarPickle', () => {
  test('answers damaged batches with a batch or a typed error', async () => {
    const parent = await unpack('100-python')
    const bytes = new Uint8Array(readFileSync(join(parent, 'cifar-100-python', 'train')))
    const options = { key: 'fine_labels', classCount: 100 }
    expect([...parseCifarPickle(bytes, options, 'b').labels]).toEqual([99, 1, 40])
    const structure = fc.oneof(
      fc.nat(400),
      fc.integer({ min: bytes.length - 100, max: bytes.length - 1 }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(structure, fc.nat(255)), { maxLength: 3 }), (edits) => {
        const damaged = bytes.slice()
        for (const [at, value] of edits) damaged[at] = value
        try {
          parseCifarPickle(damaged, options, 'b')
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('parseCifarBinary', () => {
  test('reads whole records only', () => {
    const options = { labelCount: 1, labelIndex: 0, classCount: 10 }
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(12), (length, value) => {
        const bytes = new Uint8Array(length).fill(value)
        if (length % 3073 === 0 && length > 0 && value < 10) {
          expect(parseCifarBinary(bytes, options, 'b').labels).toHaveLength(length / 3073)
        } else {
          expect(() => parseCifarBinary(bytes, options, 'b.bin')).toThrow(FormatError)
        }
      }),
    )
    expect(parseCifarBinary(new Uint8Array(6146), options, 'b').pixels).toHaveLength(6144)
  })
})
