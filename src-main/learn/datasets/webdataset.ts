import { join } from 'node:path'
import { FormatError, InputError } from '#base'
import { withSource, type ByteSource } from './byte-source.ts'
import { listFolder } from './file-bundle.ts'
import type { ImageOptions } from './image-decode.ts'
import { largestImageBytes, type ImageParts } from './image-folder.ts'
import { imageSamples, type ImageStore } from './image-samples.ts'
import type { Samples } from './samples.ts'
import { indexShard, type ShardIndex } from './webdataset-index.ts'

/** How shards are read. */
export interface WebDatasetOptions extends ImageOptions {
  /** Default: the largest label + 1, at least 2. */
  readonly classCount?: number | undefined
  /** Where a label lies in `.json` members; default `label`. `.cls` goes before. */
  readonly labelKey?: string | undefined
}

const trainPattern = /(^|[^a-z])train([^a-z]|$)/i
const validationPattern = /(^|[^a-z])val(id|idation)?([^a-z]|$)/i

async function shardsIn(folder: string): Promise<string[]> {
  const names = (await listFolder(folder)) ?? []
  return names
    .filter((name) => name.endsWith('.tar'))
    .sort()
    .map((name) => join(folder, name))
}

/** The shards to train on and those held out. */
async function findShards(path: string): Promise<{ train: string[]; validation: string[] }> {
  const listed = await listFolder(path)
  if (listed === null) return { train: [path], validation: [] }
  if (listed.includes('train')) {
    const held = ['val', 'validation'].find((name) => listed.includes(name))
    return {
      train: await shardsIn(join(path, 'train')),
      validation: held === undefined ? [] : await shardsIn(join(path, held)),
    }
  }
  const shards = await shardsIn(path)
  const named = (pattern: RegExp) =>
    shards.filter((shard) => pattern.test(shard.slice(path.length)))
  const train = named(trainPattern)
  return train.length === 0
    ? { train: shards, validation: [] }
    : { train, validation: named(validationPattern) }
}

/** Opens a shard for each picture: a system call next to a decoding. */
function shardStore(shards: readonly ShardIndex[]): ImageStore {
  const firsts: number[] = []
  let count = 0
  for (const { labels } of shards) {
    firsts.push(count)
    count += labels.length
  }
  const locate = (row: number) => {
    const index = firsts.findLastIndex((first) => first <= row)
    return { shard: shards[index]!, place: row - firsts[index]! }
  }
  return {
    fetch: (row) => {
      const { shard, place } = locate(row)
      return withSource(shard.path, (source: ByteSource) => readMember(source, shard, place))
    },
    refuse: (row, problem) => {
      const { shard, place } = locate(row)
      const name = JSON.stringify(shard.names[place])
      return new FormatError(shard.path, `member ${name}: ${problem}`, shard.offsets[place])
    },
  }
}

async function readMember(
  source: ByteSource,
  shard: ShardIndex,
  place: number,
): Promise<Uint8Array> {
  const size = shard.sizes[place]!
  const offset = shard.offsets[place]!
  const name = JSON.stringify(shard.names[place])
  if (size > largestImageBytes) {
    const problem = `member ${name} must have at most ${largestImageBytes} bytes, has ${size}`
    throw new FormatError(shard.path, problem, offset)
  }
  const bytes = await source.read(offset, size)
  if (bytes.length === size) return bytes
  throw new FormatError(shard.path, `member ${name} became shorter`, offset)
}

function samplesOf(
  shards: readonly ShardIndex[],
  classCount: number,
  image: ImageOptions,
): Promise<Samples> {
  const labels = new Int32Array(shards.reduce((sum, shard) => sum + shard.labels.length, 0))
  let first = 0
  for (const shard of shards) {
    labels.set(shard.labels, first)
    first += shard.labels.length
  }
  return imageSamples({ store: shardStore(shards), labels, classCount, image })
}

/** The number of classes of all shards, or the one asked for if no label is beyond it. */
function countClasses(shards: readonly ShardIndex[], wanted: number | undefined): number {
  let most = 2
  for (const { path, names, offsets, labels } of shards) {
    for (const [place, label] of labels.entries()) {
      most = Math.max(most, label + 1)
      if (wanted === undefined || label < wanted) continue
      const problem = `label must be in 0…${wanted - 1}, got ${label} with ${JSON.stringify(names[place])}`
      throw new FormatError(path, problem, offsets[place])
    }
  }
  return wanted ?? most
}

/**
 * Pictures in WebDataset shards: tar archives of `KEY.jpg` (or `.jpeg`, `.png`, `.webp`) next to `KEY.cls`
 * or `KEY.json` with the label. An index of the members is made first, so that rows can be read in any
 * order; pictures are decoded when they are read, a few at a time.
 *
 * Memory: names, offsets and labels of all pictures, and the pictures being decoded.
 *
 * @param path - A shard, or a folder of shards: of all in `train` and `val` (or `validation`), else of
 *   those with `train` and `val` in their names, others being left out, else of all.
 * @returns Features `[3, size, size]`; `validation` is null if there are no such shards. Rows are in the
 *   order of the shards' names.
 * @throws MissingFileError if there is nothing at `path`.
 * @throws FormatError naming shard and byte offset, if a shard is broken, a sample has no picture or label,
 *   or there is none. Reading throws it with shard, member and offset, if a picture is corrupt.
 * @throws InputError if an option is out of range.
 *
 * @see WebDataset, The Tar Format
 */
export async function openWebDataset(
  path: string,
  options: WebDatasetOptions,
): Promise<ImageParts> {
  const { classCount, labelKey = 'label', ...image } = options
  if (classCount !== undefined && (!Number.isInteger(classCount) || classCount < 2)) {
    throw new InputError('classCount', `classCount must be at least 2, got ${classCount}`)
  }
  const found = await findShards(path)
  if (found.train.length === 0) throw new FormatError(path, 'holds no shard to train on')
  const indexAll = async (shards: readonly string[]): Promise<ShardIndex[]> => {
    const indices: ShardIndex[] = []
    for (const shard of shards) indices.push(await indexShard(shard, labelKey))
    return indices
  }
  const train = await indexAll(found.train)
  const validation = await indexAll(found.validation)
  if (!train.some(({ labels }) => labels.length > 0))
    throw new FormatError(path, 'holds no picture')
  const classes = countClasses([...train, ...validation], classCount)
  const isSplit = validation.some(({ labels }) => labels.length > 0)
  return {
    train: await samplesOf(train, classes, image),
    validation: isSplit ? await samplesOf(validation, classes, image) : null,
    classNames: null,
  }
}
