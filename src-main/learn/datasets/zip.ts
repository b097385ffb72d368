import { crc32, inflateRawSync } from 'node:zlib'
import { FormatError } from '#base'

const endSignature = 0x06054b50
const centralSignature = 0x02014b50
const localSignature = 0x04034b50

interface ZipEntry {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly checksum: number
  readonly packedBytes: number
  readonly sizeBytes: number
  readonly localOffset: number
}

/** Where the directory lies and how many entries it lists. */
interface ZipDirectory {
  readonly offset: number
  readonly end: number
  readonly count: number
}

/** The end-of-directory record lies in the last 22 bytes, before a comment of up to 65,535. */
function findDirectory(view: DataView, file: string): ZipDirectory {
  const last = view.byteLength - 22
  for (let at = last; at >= Math.max(0, last - 0xffff); at -= 1) {
    if (view.getUint32(at, true) !== endSignature) continue
    if (view.getUint16(at + 20, true) !== last - at) continue
    const count = view.getUint16(at + 10, true)
    const size = view.getUint32(at + 12, true)
    const offset = view.getUint32(at + 16, true)
    if (count === 0xffff || offset === 0xffffffff) {
      throw new FormatError(file, 'ZIP64 archives are not supported', at)
    }
    const isOnOneDisk = view.getUint32(at + 4, true) === 0 && view.getUint16(at + 8, true) === count
    if (offset + size !== at || !isOnOneDisk) {
      throw new FormatError(file, 'the end of the ZIP directory contradicts itself', at)
    }
    return { offset, end: at, count }
  }
  throw new FormatError(file, 'not a ZIP archive, or truncated: no directory at its end')
}

function readEntries(bytes: Uint8Array, view: DataView, file: string): ZipEntry[] {
  const { offset, end, count } = findDirectory(view, file)
  const entries: ZipEntry[] = []
  let at = offset
  for (let i = 0; i < count; i += 1) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== centralSignature) {
      throw new FormatError(file, `broken ZIP directory at entry ${i}`, at)
    }
    const nameBytes = view.getUint16(at + 28, true)
    entries.push({
      name: Buffer.from(bytes.subarray(at + 46, at + 46 + nameBytes)).toString('utf8'),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      sizeBytes: view.getUint32(at + 24, true),
      localOffset: view.getUint32(at + 42, true),
    })
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  if (at !== end) throw new FormatError(file, `the ZIP directory has not ${count} entries`, at)
  return entries
}

function unpack(entry: ZipEntry, bytes: Uint8Array, view: DataView, file: string): Uint8Array {
  const at = entry.localOffset
  const label = `entry ${JSON.stringify(entry.name)}`
  const refuse = (problem: string) => new FormatError(file, `${label} ${problem}`, at)
  if ((entry.flags & 1) !== 0) throw refuse('is encrypted')
  if (at + 30 > bytes.length || view.getUint32(at, true) !== localSignature) {
    throw refuse('has no local header')
  }
  const nameEnd = at + 30 + view.getUint16(at + 26, true)
  if (Buffer.from(bytes.subarray(at + 30, nameEnd)).toString('utf8') !== entry.name) {
    throw refuse('has another name in its local header')
  }
  const start = nameEnd + view.getUint16(at + 28, true)
  if (start + entry.packedBytes > bytes.length) throw refuse('is truncated')
  const packed = bytes.subarray(start, start + entry.packedBytes)
  let data: Uint8Array
  if (entry.method === 0) data = packed
  else if (entry.method === 8) {
    try {
      data = inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.sizeBytes) })
    } catch (error) {
      throw refuse(`does not inflate: ${(error as Error).message}`)
    }
  } else throw refuse(`has unknown compression method ${entry.method}`)
  if (data.length !== entry.sizeBytes) {
    throw refuse(`must have ${entry.sizeBytes} bytes, got ${data.length}`)
  }
  if (crc32(data) !== entry.checksum) throw refuse('fails its checksum')
  return data
}

/**
 * Unpacks a ZIP archive in memory. Sizes are checked before anything is inflated, and each entry
 * against its CRC-32 after.
 *
 * @param maxBytes - Of all entries together, inflated.
 * @returns Entries by name in the directory's order; folders left out.
 * @throws FormatError if the archive is truncated, corrupt, encrypted, ZIP64 or too large.
 *
 * @see PKWARE, .ZIP File Format Specification (APPNOTE), sections 4.3 and 4.4
 */
export function unpackZip(
  bytes: Uint8Array,
  file: string,
  maxBytes: number,
): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = readEntries(bytes, view, file)
  const total = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
  if (total > maxBytes) {
    throw new FormatError(file, `must inflate to at most ${maxBytes} bytes, claims ${total}`)
  }
  const result = new Map<string, Uint8Array>()
  for (const entry of entries) {
    if (entry.name.endsWith('/')) continue
    if (result.has(entry.name)) {
      throw new FormatError(file, `holds entry ${JSON.stringify(entry.name)} twice`)
    }
    result.set(entry.name, unpack(entry, bytes, view, file))
  }
  return result
}
