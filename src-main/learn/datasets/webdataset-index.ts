import { FormatError } from '#base'
import { sourceCursor, withSource, type ByteSource } from './byte-source.ts'
import { imageEnding } from './image-decode.ts'
import { tarMembers, type TarMember } from './tar.ts'

/** Where the pictures of a shard lie, and what their labels are. */
export interface ShardIndex {
  readonly path: string
  readonly names: readonly string[]
  readonly offsets: Float64Array
  readonly sizes: Float64Array
  readonly labels: Int32Array
}

/** Largest label file read. */
const largestLabelBytes = 2 ** 20

/** A sample while its members are gathered. */
interface Pending {
  readonly key: string
  readonly offset: number
  image: TarMember | null
  label: number | null
}

/** Folder and name up to the first dot; what follows says what a member is. */
function splitName(name: string): { readonly key: string; readonly ending: string } {
  const slash = name.lastIndexOf('/')
  const dot = name.indexOf('.', slash + 1)
  if (dot < 0) return { key: name, ending: '' }
  return { key: name.slice(0, dot), ending: name.slice(dot).toLowerCase() }
}

function parseLabel(bytes: Uint8Array, ending: string, labelKey: string): number | null {
  const text = Buffer.from(bytes).toString('utf8').trim()
  if (ending === '.cls') return /^\d{1,9}$/.test(text) ? Number(text) : null
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null
    const found = isObject
      ? (Object.entries(value).find(([key]) => key === labelKey)?.[1] as unknown)
      : value
    return Number.isInteger(found) && Number(found) >= 0 && Number(found) < 1e9
      ? Number(found)
      : null
  } catch {
    // Not JSON: no label, which the caller refuses with the member's name.
    return null
  }
}

async function readLabel(member: TarMember, file: string, labelKey: string): Promise<number> {
  const { name, offset, size } = member
  const label = JSON.stringify(name)
  if (size > largestLabelBytes) {
    const problem = `member ${label} must have at most ${largestLabelBytes} bytes, has ${size}`
    throw new FormatError(file, problem, offset)
  }
  const value = parseLabel(await member.read(), splitName(name).ending, labelKey)
  if (value !== null) return value
  throw new FormatError(file, `member ${label} holds no label: an integer of at least 0`, offset)
}

async function indexSource(source: ByteSource, labelKey: string): Promise<ShardIndex> {
  const { path } = source
  const names: string[] = []
  const offsets: number[] = []
  const sizes: number[] = []
  const labels: number[] = []
  let pending = null as Pending | null
  const finish = (sample: Pending | null): void => {
    if (sample === null) return
    const { key, offset, image, label } = sample
    // Samples of other things than pictures, e.g. a note at the beginning, are passed over.
    if (image === null && label === null) return
    if (image === null || label === null) {
      const missing = image === null ? '.jpg, .png or .webp' : '.cls or .json'
      throw new FormatError(path, `sample ${JSON.stringify(key)} has no ${missing}`, offset)
    }
    names.push(image.name)
    offsets.push(image.offset)
    sizes.push(image.size)
    labels.push(label)
  }
  for await (const member of tarMembers(sourceCursor(source), path)) {
    const { key, ending } = splitName(member.name)
    if (pending?.key !== key) {
      finish(pending)
      pending = { key, offset: member.offset, image: null, label: null }
    }
    if (imageEnding.test(ending) && ending.lastIndexOf('.') === 0) pending.image = member
    else if (ending === '.cls') pending.label = await readLabel(member, path, labelKey)
    // The class file counts where there are both.
    else if (ending === '.json') pending.label ??= await readLabel(member, path, labelKey)
  }
  finish(pending)
  return {
    path,
    names,
    offsets: Float64Array.from(offsets),
    sizes: Float64Array.from(sizes),
    labels: Int32Array.from(labels),
  }
}

/**
 * Finds the pictures and labels of a shard; reads its headers and labels only.
 *
 * @param labelKey - Where a label lies in a `.json` member.
 * @throws MissingFileError if there is no such file.
 * @throws FormatError with the byte offset, if the archive is broken or truncated, or a sample has not both.
 */
export function indexShard(path: string, labelKey: string): Promise<ShardIndex> {
  return withSource(path, (source) => indexSource(source, labelKey))
}
