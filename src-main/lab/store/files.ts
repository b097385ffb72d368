import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ApiError } from '#shared/errors'
import { fileError } from './file-errors.ts'

/** Size and hash of a file's bytes. */
export interface FileRecord {
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** What a file is made of; strings are written as UTF-8. */
export type FileContent = Uint8Array | string | Iterable<Uint8Array | string>

/** Marks files that a process was still writing; no other file may end so. */
export const partialSuffix = '.partial'

/** Hash of bytes in lower-case hex. */
export const sha256Of = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex')

/** Makes names in a folder survive a power cut. */
export function syncFolder(folder: string): void {
  // Windows cannot open a folder for this and keeps names in its own journal.
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * Writes a file so that after a crash either the old file or the whole new one is there.
 *
 * Temporary file in the same folder, fsync, rename, fsync of the folder. A failure leaves neither
 * the temporary file nor a changed target.
 *
 * @throws ApiError `disk-full` naming the path, `file-not-found` if the folder is absent, `internal`
 *   for any other failure of the file system.
 */
export function writeFileDurably(path: string, content: FileContent): FileRecord {
  const folder = dirname(path)
  const suffix = `${String(process.pid)}-${randomBytes(4).toString('hex')}${partialSuffix}`
  const temporary = join(folder, `.${basename(path)}.${suffix}`)
  try {
    const record = writeAndSync(temporary, content)
    renameSync(temporary, path)
    syncFolder(folder)
    return record
  } catch (error) {
    rmSync(temporary, { force: true })
    throw fileError('write', path, error)
  }
}

/**
 * Reads a whole file and checks it.
 *
 * @returns Bytes in a buffer of their own, so typed arrays may view them.
 * @throws ApiError `file-not-found`, or `file-corrupt` naming the file, what was expected and found.
 */
export function readVerified(path: string, sha256: string, sizeBytes?: number): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = readBytes(path)
  } catch (error) {
    throw fileError('read', path, error)
  }
  checkRecord(path, { sizeBytes: bytes.length, sha256: sha256Of(bytes) }, { sha256, sizeBytes })
  return bytes
}

/** Reads a whole file, in a buffer of its own; null if it cannot be read. */
export function readIfThere(path: string): Uint8Array | null {
  try {
    return readBytes(path)
  } catch {
    return null // for what is only a saving of time it does not matter why
  }
}

/** Hashes a file in pieces, so that its size does not matter. */
export async function hashFile(path: string): Promise<FileRecord> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Uint8Array>) {
      hash.update(piece)
      sizeBytes += piece.length
    }
  } catch (error) {
    throw fileError('read', path, error)
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}

/**
 * Throws unless a file is what it was when it was recorded.
 *
 * @throws ApiError `file-corrupt`; the size is compared first, so that a truncation is called one.
 */
export function checkRecord(
  path: string,
  found: FileRecord,
  expected: { readonly sha256: string; readonly sizeBytes?: number | undefined },
): void {
  const detail = { path, expected, found }
  if (expected.sizeBytes !== undefined && expected.sizeBytes !== found.sizeBytes) {
    const sizes = `expected ${String(expected.sizeBytes)} bytes, found ${String(found.sizeBytes)}`
    throw new ApiError('file-corrupt', `file is damaged: ${path}: ${sizes}`, detail)
  }
  if (expected.sha256 !== found.sha256) {
    const hashes = `expected sha256 ${expected.sha256}, found ${found.sha256}`
    throw new ApiError('file-corrupt', `file is damaged: ${path}: ${hashes}`, detail)
  }
}

/** Removes a file or a folder with all in it; absent is fine. */
export function removeQuietly(path: string): void {
  rmSync(path, { recursive: true, force: true })
}

function writeAndSync(path: string, content: FileContent): FileRecord {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
  const handle = openSync(path, 'wx', 0o644)
  try {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      writeFully(handle, bytes)
      hash.update(bytes)
      sizeBytes += bytes.length
    }
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}

function writeFully(handle: number, bytes: Uint8Array): void {
  // A nearly full disk takes a part of the bytes first and refuses only the next write.
  for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done)
}

function readBytes(path: string): Uint8Array {
  const handle = openSync(path, 'r')
  try {
    const bytes = new Uint8Array(fstatSync(handle).size)
    let done = 0
    while (done < bytes.length) {
      const count = readSync(handle, bytes, done, bytes.length - done, null)
      if (count === 0) break
      done += count
    }
    return bytes.subarray(0, done)
  } finally {
    closeSync(handle)
  }
}
