import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { pack } from 'tar-stream'
import { afterAll, describe, expect, test } from 'vitest'
import { createStream, FormatError, InputError, MissingFileError } from '#base'
import {
  batchBuffers,
  openImageFolder,
  openWebDataset,
  pixelScales,
  readAll,
  rowRange,
  type Samples,
} from '#learn/datasets'
import { fixturePath } from '../../../support/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'saddle-images-'))
afterAll(() => rmSync(folder, { recursive: true }))

const images = ['grey.jpeg', 'opaque.png', 'tall.png', 'wide.jpg', 'wide.webp']
const golden = JSON.parse(readFileSync(fixturePath('datasets', 'images.json'), 'utf8')) as {
  images: { readonly [name: string]: [number[], number[]] }
}

/** Copies pictures of the fixtures to places in a new folder. */
function arrange(name: string, places: readonly (readonly [string, string])[]): string {
  const root = join(folder, name)
  for (const [place, image] of places) {
    mkdirSync(join(root, place, '..'), { recursive: true })
    copyFileSync(fixturePath('datasets', 'images', image), join(root, place))
  }
  return root
}
const rowOf = async (samples: Samples, row: number): Promise<Float32Array> => {
  const { features, targets } = batchBuffers(samples, 1)
  await samples.read(Uint32Array.of(row), features, targets)
  return features as Float32Array
}

describe('openImageFolder', () => {
  test('numbers classes and files as torchvision does, in sub-folders and behind links too', async () => {
    const root = arrange('order', [
      ['train/b/z.png', 'tall.png'],
      ['train/b/A.JPG', 'wide.jpg'],
      ['train/b/inner/0.png', 'opaque.png'],
      ['train/a/1.webp', 'wide.webp'],
      ['train/Z/1.jpeg', 'grey.jpeg'],
      ['val/b/1.png', 'tall.png'],
      ['val/Z/1.png', 'tall.png'],
    ])
    writeFileSync(join(root, 'train', 'b', 'notes.txt'), 'no picture')
    symlinkSync(join(root, 'train', 'a'), join(root, 'train', 'c'))
    const { train, validation, classNames } = await openImageFolder(root, { size: 16 })
    expect(classNames).toEqual(['Z', 'a', 'b', 'c'])
    expect([...train.labels!]).toEqual([0, 1, 2, 2, 2, 3])
    expect([...validation!.labels!]).toEqual([0, 2])
    const order = ['grey.jpeg', 'wide.webp', 'wide.jpg', 'tall.png', 'opaque.png', 'wide.webp']
    const alone = new Map<string, Float32Array>()
    const single = arrange(
      'single',
      images.map((name) => [`${name[0]!}/${name}`, name] as const),
    )
    const { train: each } = await openImageFolder(single, { size: 16 })
    for (const [row, name] of images.entries()) alone.set(name, await rowOf(each, row))
    const { features, targets } = await readAll(train)
    expect([...targets]).toEqual([...train.labels!])
    order.forEach((name, i) =>
      expect(features.subarray(768 * i, 768 * (i + 1))).toEqual(alone.get(name)),
    )
  })

  test.each([
    [{ size: 16 }, 0],
    [{ size: 16, shorterSide: 24 }, 1],
  ])('decodes as PIL within 4 levels of 255: %j', async (options, which) => {
    const root = arrange(
      'decode',
      images.map((name) => [`${name[0]!}/${name}`, name] as const),
    )
    const { train } = await openImageFolder(root, options)
    for (const [row, name] of images.entries()) {
      const wanted = golden.images[name]![which]!
      const found = await rowOf(train, row)
      const differences = wanted.map((value, i) => Math.abs(Math.round(found[i]! * 255) - value))
      const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length
      expect([name, Math.max(...differences) <= 4, mean < 0.6]).toEqual([name, true, true])
    }
  })

  test('normalizes each channel', async () => {
    const root = arrange('scaled', [
      ['a/1.png', 'tall.png'],
      ['b/1.png', 'tall.png'],
    ])
    const raw = await rowOf((await openImageFolder(root, { size: 8 })).train, 0)
    const scale = pixelScales.imagenet
    const scaled = await rowOf((await openImageFolder(root, { size: 8, scale })).train, 0)
    raw.forEach((value, i) => {
      const channel = Math.floor(i / 64)
      const wanted = (value - scale.mean[channel]!) / scale.std[channel]!
      expect(scaled[i]!).toBeCloseTo(wanted, 5)
    })
  })

  test('names the picture that is truncated, corrupt or none, the first of several', async () => {
    const root = arrange('damaged', [
      ['a/1.png', 'tall.png'],
      ['a/2.png', 'tall.png'],
      ['a/3.jpg', 'wide.jpg'],
      ['b/1.png', 'tall.png'],
      ['b/2.webp', 'wide.webp'],
    ])
    const read = async (rows: number[]) => {
      const { train } = await openImageFolder(root, { size: 16 })
      const { features, targets } = batchBuffers(train, rows.length)
      await train.read(Uint32Array.from(rows), features, targets)
    }
    truncateSync(join(root, 'a/2.png'), 3000)
    truncateSync(join(root, 'a/3.jpg'), 1500)
    truncateSync(join(root, 'b/2.webp'), 1500)
    writeFileSync(
      join(root, 'b/1.png'),
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    )
    await read([0, 0])
    for (const [row, name] of [
      [1, 'a/2.png'],
      [2, 'a/3.jpg'],
      [4, 'b/2.webp'],
    ] as const) {
      await expect(read([0, row])).rejects.toThrow(FormatError)
      await expect(read([row])).rejects.toThrow(`${join(root, name)}: cannot decode picture: `)
    }
    await expect(read([3])).rejects.toThrow('is svg, not JPEG, PNG or WebP')
    for (let i = 0; i < 5; i += 1) await expect(read([0, 2, 1, 4])).rejects.toThrow('3.jpg')
    writeFileSync(join(root, 'a/2.png'), '')
    await expect(read([1])).rejects.toThrow(FormatError)
    rmSync(join(root, 'a/2.png'))
    const { train } = await openImageFolder(
      arrange('gone', [
        ['a/1.png', 'tall.png'],
        ['b/1.png', 'tall.png'],
      ]),
      { size: 4 },
    )
    rmSync(join(folder, 'gone', 'b', '1.png'))
    await expect(rowOf(train, 1)).rejects.toThrow(MissingFileError)
  })

  test('answers damaged pictures with features or a typed error', async () => {
    const root = arrange('fuzz', [
      ['a/1.jpg', 'wide.jpg'],
      ['b/1.png', 'tall.png'],
    ])
    const { train } = await openImageFolder(root, { size: 16 })
    const path = join(root, 'a/1.jpg')
    const sources = images.map((name) => readFileSync(fixturePath('datasets', 'images', name)))
    const edits = fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        edits,
        fc.nat(6000),
        async (source, list, cut) => {
          const damaged = Uint8Array.from(source)
          for (const [at, value] of list) damaged[at % damaged.length] = value
          writeFileSync(
            path,
            cut < damaged.length && cut % 2 === 0 ? damaged.subarray(0, cut) : damaged,
          )
          const error: unknown = await rowOf(train, 0).catch((thrown: unknown) => thrown)
          if (error instanceof Error) expect(error).toBeInstanceOf(FormatError)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('refuses folders and options that do not fit', async () => {
    const size = 8
    await expect(openImageFolder(join(folder, 'none'), { size })).rejects.toThrow(MissingFileError)
    const root = arrange('refused', [['a/1.png', 'tall.png']])
    await expect(openImageFolder(join(root, 'a/1.png'), { size })).rejects.toThrow('not a folder')
    await expect(openImageFolder(root, { size })).rejects.toThrow(
      'must hold two folders of classes or more, has 1',
    )
    mkdirSync(join(root, 'b'))
    await expect(openImageFolder(root, { size })).rejects.toThrow(
      `${join(root, 'b')}: holds no JPEG, PNG or WebP`,
    )
    const split = arrange('unknown', [
      ['train/a/1.png', 'tall.png'],
      ['train/b/1.png', 'tall.png'],
      ['val/c/1.png', 'tall.png'],
    ])
    await expect(openImageFolder(split, { size })).rejects.toThrow('has no class of that name')
    await expect(openImageFolder(split, { size: 0 })).rejects.toThrow(InputError)
    rmSync(join(split, 'val'), { recursive: true })
    await expect(openImageFolder(split, { size: 0 })).rejects.toThrow(
      'size must be in 1…4096, got 0',
    )
    await expect(openImageFolder(split, { size: 9, shorterSide: 8 })).rejects.toThrow(
      'shorterSide must be in 9…8192, got 8',
    )
  })

  test('holds bounded memory while hundreds of pictures pass', async () => {
    const stream = createStream(1, 'noise')
    const noise = Uint8Array.from({ length: 3 * 256 * 256 }, () => stream.nextInteger(256))
    const bytes = await sharp(noise, { raw: { width: 256, height: 256, channels: 3 } })
      .jpeg()
      .toBuffer()
    const root = join(folder, 'many')
    for (let i = 0; i < 300; i += 1) {
      mkdirSync(join(root, `class${i % 3}`), { recursive: true })
      writeFileSync(join(root, `class${i % 3}`, `${i}.jpg`), bytes)
    }
    const { train } = await openImageFolder(root, { size: 224 })
    const { features, targets } = batchBuffers(train, 10)
    const pass = async (): Promise<number> => {
      let most = 0
      for (let start = 0; start < train.count; start += 10) {
        await train.read(rowRange(start, start + 10), features, targets)
        most = Math.max(most, process.memoryUsage.rss())
      }
      return most
    }
    const first = await pass()
    const later = Math.max(await pass(), await pass())
    // Each pass decodes 180 MB of float32 from 59 MB of pixels.
    expect(later - first).toBeLessThan(40 * 2 ** 20)
  }, 60_000)
})

describe('openWebDataset', () => {
  const shard = (part: string) => fixturePath('datasets', `shard-${part}-000.tar`)
  const pictures = (
    JSON.parse(readFileSync(fixturePath('datasets', 'shards.json'), 'utf8')) as {
      pictures: number[]
    }
  ).pictures

  test('reads shards that Python wrote, split by their names', async () => {
    const { train, validation } = await openWebDataset(fixturePath('datasets'), { size: 20 })
    expect([...train.labels!]).toEqual([2, 0, 1, 2])
    expect([...validation!.labels!]).toEqual([1, 0])
    expect([train.targets.count, validation!.targets.count]).toEqual([3, 3])
    const { features, targets } = await readAll(train)
    expect([...targets]).toEqual([2, 0, 1, 2])
    // The fixture holds row 5 of each channel of each picture.
    const rows = Array.from({ length: 12 }, (_, plane) =>
      [...features.subarray(plane * 400 + 100, plane * 400 + 120)].map((v) => Math.round(v * 255)),
    ).flat()
    expect(rows).toEqual(pictures)
    const held = await rowOf(validation!, 1)
    const jpeg = [...held.subarray(100, 120)].map((v, i) => Math.abs(v * 255 - pictures[60 + i]!))
    expect(Math.max(...jpeg)).toBeLessThan(8)
  })

  test('reads one shard, or folders named train and val', async () => {
    const { train, validation } = await openWebDataset(shard('val'), { size: 4 })
    expect([train.count, validation]).toEqual([2, null])
    const root = join(folder, 'shards')
    for (const part of ['train', 'val']) {
      mkdirSync(join(root, part), { recursive: true })
      copyFileSync(shard(part), join(root, part, '0.tar'))
    }
    copyFileSync(shard('val'), join(root, 'train', '1.tar'))
    const split = await openWebDataset(root, { size: 20, classCount: 5 })
    expect([split.train.count, split.validation!.count, split.train.targets.count]).toEqual([
      6, 2, 5,
    ])
    // Row 5 lies in the second shard.
    expect(await rowOf(split.train, 5)).toEqual(await rowOf(split.validation!, 1))
    await expect(openWebDataset(root, { size: 4, classCount: 2 })).rejects.toThrow(
      /0\.tar: label must be in 0…1, got 2 with ".*sample0000\.png" \(at byte \d+\)/,
    )
  })

  const write = async (
    name: string,
    files: readonly (readonly [string, Uint8Array | string])[],
  ) => {
    const archive = pack()
    for (const [member, content] of files) archive.entry({ name: member }, Buffer.from(content))
    archive.finalize()
    const chunks: Uint8Array[] = []
    for await (const chunk of archive) chunks.push(chunk as Uint8Array)
    const path = join(folder, name)
    writeFileSync(path, Buffer.concat(chunks))
    return path
  }
  const png = readFileSync(fixturePath('datasets', 'images', 'tall.png'))

  test('passes over other members, and names what is missing', async () => {
    const open = async (files: readonly (readonly [string, Uint8Array | string])[]) =>
      openWebDataset(await write('one.tar', files), { size: 8, labelKey: 'class' })
    const { train } = await open([
      ['README.md', 'a note'],
      ['x/1.png', png],
      ['x/1.txt', 'a caption'],
      ['x/1.json', '{"class": 4, "label": 9}'],
      ['y/1.seg.png', png],
      ['y/1.cls', '1\n'],
      ['y/1.json', '{"class": 3}'],
      ['y/1.JPG', png],
    ])
    expect([...train.labels!]).toEqual([4, 1])
    await expect(open([['1.png', png]])).rejects.toThrow(
      'sample "1" has no .cls or .json (at byte 512)',
    )
    await expect(open([['1.cls', '0']])).rejects.toThrow('sample "1" has no .jpg, .png or .webp')
    await expect(open([['1.cls', '-1']])).rejects.toThrow('member "1.cls" holds no label')
    await expect(open([['1.json', '{"label": 1}']])).rejects.toThrow('holds no label')
    await expect(open([['1.json', '{']])).rejects.toThrow('holds no label')
    await expect(open([['notes.txt', '']])).rejects.toThrow('holds no picture')
    await expect(openWebDataset(join(folder, 'none.tar'), { size: 8 })).rejects.toThrow(
      MissingFileError,
    )
    await expect(openWebDataset(shard('val'), { size: 8, classCount: 1 })).rejects.toThrow(
      InputError,
    )
  })

  test('names shard, member and offset of a corrupt picture', async () => {
    const path = await write('corrupt.tar', [
      ['1.cls', '0'],
      ['1.png', png],
      ['2.cls', '1'],
      ['2.png', png.subarray(0, 2000)],
    ])
    const { train } = await openWebDataset(path, { size: 8 })
    await rowOf(train, 0)
    await expect(rowOf(train, 1)).rejects.toThrow(FormatError)
    await expect(rowOf(train, 1)).rejects.toThrow(
      /corrupt\.tar: member "2\.png": cannot .* \(at byte 8704\)/,
    )
    truncateSync(path, 9000)
    await expect(rowOf(train, 1)).rejects.toThrow(/member "2\.png" became shorter/)
    await expect(openWebDataset(path, { size: 8 })).rejects.toThrow(
      /corrupt\.tar: truncated tar archive/,
    )
  })
})
