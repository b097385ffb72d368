import { FormatError } from '#base'
import type { ByteCursor } from './byte-source.ts'

/** A file in a tar archive. */
export interface TarMember {
  /** With folders, as written. */
  readonly name: string
  /** Of its first byte in the archive. */
  readonly offset: number
  readonly size: number
  /** All its bytes; once, and before the next member is asked for. */
  read(): Promise<Uint8Array>
}

interface TarHeader {
  readonly name: string
  readonly size: number
  readonly type: string
}

/** What an extended header says of the member after it. */
interface Extension {
  readonly name?: string
  readonly size?: number
}

const blockBytes = 512

/** Largest extended header read into memory. */
const largestExtension = 2 ** 20

/** Types whose header is followed by no content, whatever size it has: links, devices, folders. */
const typesWithoutContent = new Set(['1', '2', '3', '4', '5', '6'])

/** Long link names, and what holds for all members: passed over. */
const typesOfHeaders = new Set(['K', 'g'])

const regularTypes = new Set(['0', '\0', '7'])

const utf8 = new TextDecoder()

/** Text up to the first zero byte. */
function textAt(block: Uint8Array, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return utf8.decode(end < 0 ? field : field.subarray(0, end))
}

/** An octal number between spaces and zeros, or a big-endian one if the first bit is set; NaN if neither. */
function numberAt(block: Uint8Array, offset: number, length: number): number {
  if (block[offset]! < 0x80) {
    const digits = textAt(block, offset, length).trim()
    return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : NaN
  }
  let value = block[offset]! & 0x7f
  for (let i = 1; i < length; i += 1) value = value * 256 + block[offset + i]!
  return value
}

function parseHeader(block: Uint8Array, file: string, at: number): TarHeader {
  let sum = 0
  // The checksum is taken as if its own field held spaces.
  for (let i = 0; i < blockBytes; i += 1) sum += i >= 148 && i < 156 ? 0x20 : block[i]!
  if (numberAt(block, 148, 8) !== sum) {
    throw new FormatError(file, 'not a tar header: wrong checksum', at)
  }
  const size = numberAt(block, 124, 12)
  if (!Number.isSafeInteger(size)) throw new FormatError(file, 'tar header without a size', at)
  const prefix = textAt(block, 257, 6) === 'ustar' ? textAt(block, 345, 155) : ''
  const name = textAt(block, 0, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    type: String.fromCharCode(block[156]!),
  }
}

/** Records `LENGTH KEY=VALUE` and a line feed; LENGTH counts itself. */
function parsePax(bytes: Uint8Array, file: string, at: number): Extension {
  const extension: { name?: string; size?: number } = {}
  let start = 0
  while (start < bytes.length) {
    const space = bytes.indexOf(0x20, start)
    const digits = utf8.decode(bytes.subarray(start, Math.max(start, space)))
    const end = start + (/^\d{1,9}$/.test(digits) ? Number(digits) : 0)
    if (space < start || end <= space + 1 || end > bytes.length) {
      throw new FormatError(file, 'broken extended tar header', at + start)
    }
    const record = utf8.decode(bytes.subarray(space + 1, end - 1))
    const equals = record.indexOf('=')
    const key = record.slice(0, Math.max(0, equals))
    const value = record.slice(equals + 1)
    if (key.startsWith('GNU.sparse')) throw new FormatError(file, 'sparse members are not read', at)
    if (key === 'path') extension.name = value
    if (key === 'size') {
      extension.size = /^\d+$/.test(value) ? Number(value) : NaN
      if (!Number.isSafeInteger(extension.size)) {
        throw new FormatError(file, `broken size in an extended tar header: ${value}`, at + start)
      }
    }
    start = end
  }
  return extension
}

/** Content of a header's own, e.g. a long name. */
async function takeExtension(cursor: ByteCursor, size: number, file: string): Promise<Uint8Array> {
  const at = cursor.position
  if (size > largestExtension) {
    const problem = `extended tar header must have at most ${largestExtension} bytes, claims ${size}`
    throw new FormatError(file, problem, at)
  }
  const bytes = await cursor.take(size)
  if (bytes.length < size) throw new FormatError(file, 'truncated extended tar header', at)
  return bytes
}

/** The archive's file at the cursor, whose content follows. */
function memberAt(cursor: ByteCursor, name: string, size: number, file: string): TarMember {
  const offset = cursor.position
  return {
    name,
    offset,
    size,
    read: async () => {
      const bytes = await cursor.take(size)
      if (bytes.length === size) return bytes
      const problem = `truncated: member ${JSON.stringify(name)} needs ${size} bytes, got ${bytes.length}`
      throw new FormatError(file, problem, offset)
    },
  }
}

/**
 * Walks over the regular files of a tar archive (ustar, pax or GNU), in their order; links, folders and
 * devices are left out. Memory: what is read of one member.
 *
 * @param file - Named in errors.
 * @throws FormatError with the byte offset at a broken header, a sparse member, or an early end; also
 *   one without the empty block that ends an archive.
 *
 * @see POSIX.1-2017, pax, section Extended Description; GNU tar manual, Basic Tar Format
 */
export async function* tarMembers(cursor: ByteCursor, file: string): AsyncGenerator<TarMember> {
  let extension: Extension = {}
  for (;;) {
    const at = cursor.position
    const block = await cursor.take(blockBytes)
    if (block.length < blockBytes) {
      throw new FormatError(file, 'truncated tar archive: no end block', at + block.length)
    }
    if (block.every((byte) => byte === 0)) return
    const { type, ...header } = parseHeader(block, file, at)
    const size = extension.size ?? header.size
    const end = cursor.position + size
    if (type === 'S') throw new FormatError(file, 'sparse members are not read', at)
    if (type === 'x') {
      const bytes = await takeExtension(cursor, header.size, file)
      extension = { ...extension, ...parsePax(bytes, file, at + blockBytes) }
    } else if (type === 'L') {
      const bytes = await takeExtension(cursor, header.size, file)
      extension = { ...extension, name: textAt(bytes, 0, bytes.length) }
    } else if (!typesOfHeaders.has(type)) {
      const name = extension.name ?? header.name
      extension = {}
      if (typesWithoutContent.has(type)) continue
      if (regularTypes.has(type) && !name.endsWith('/')) yield memberAt(cursor, name, size, file)
    }
    const content = type === 'x' || type === 'L' ? cursor.position : end
    const isPadded = (content - at) % blockBytes
    const next = content + (isPadded === 0 ? 0 : blockBytes - isPadded)
    const missing = next - cursor.position
    if ((await cursor.skip(missing)) < missing) {
      throw new FormatError(file, 'truncated tar archive', cursor.position)
    }
  }
}
