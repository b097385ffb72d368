import { promises as fs } from 'node:fs'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { FormatError, InputError, MissingFileError } from '#base'

/** Largest file read into memory. */
const largestFileBytes = 2 ** 31 - 1

/** Largest content a compressed file may have. */
export const largestInflatedBytes = 2 ** 30

const inflate = promisify(gunzip)

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error'

/** What a refusal of the file system is to the caller. */
export function readFailure(path: string, error: unknown): InputError {
  const code = codeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return new MissingFileError(path)
  return new InputError(path, `cannot read ${path}: ${code}`, { cause: error })
}

async function readAll(handle: fs.FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  const stat = await handle.stat()
  if (!stat.isFile()) throw new FormatError(path, 'not a regular file')
  if (stat.size > maxBytes) {
    throw new FormatError(path, `must have at most ${maxBytes} bytes, has ${stat.size}`)
  }
  const bytes = new Uint8Array(stat.size)
  let position = 0
  while (position < bytes.length) {
    const { bytesRead } = await handle.read(bytes, position, bytes.length - position, position)
    if (bytesRead === 0) throw new FormatError(path, 'became shorter while it was read', position)
    position += bytesRead
  }
  return bytes
}

/**
 * Opens a file, hands it over and closes it.
 *
 * @throws MissingFileError if there is none.
 * @throws InputError if the system refuses to open or read it.
 */
export async function withHandle<T>(
  path: string,
  use: (handle: fs.FileHandle) => Promise<T>,
): Promise<T> {
  let handle: fs.FileHandle
  try {
    // Non-blocking, so that a pipe without a writer is refused, not waited for.
    handle = await fs.open(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK || 0))
  } catch (error) {
    throw readFailure(path, error)
  }
  try {
    return await use(handle)
  } catch (error) {
    throw error instanceof InputError ? error : readFailure(path, error)
  } finally {
    await handle.close()
  }
}

/**
 * The bytes of a file.
 *
 * @throws MissingFileError if there is none.
 * @throws FormatError if it is not a regular file, or larger than `maxBytes`.
 * @throws InputError if the system refuses to read it.
 */
export async function readBytes(path: string, maxBytes = largestFileBytes): Promise<Uint8Array> {
  return withHandle(path, (handle) => readAll(handle, path, maxBytes))
}

/**
 * The bytes of a file that may be gzipped, inflated if its first bytes say so.
 *
 * @param maxBytes - Of the content.
 * @throws FormatError if the gzip stream is corrupt or inflates beyond `maxBytes`; and as
 *   {@link readBytes}.
 */
export async function readInflated(
  path: string,
  maxBytes = largestInflatedBytes,
): Promise<Uint8Array> {
  const bytes = await readBytes(path, maxBytes)
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return await inflate(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    const isTooLarge = codeOf(error) === 'ERR_BUFFER_TOO_LARGE'
    throw new FormatError(
      path,
      isTooLarge
        ? `must inflate to at most ${maxBytes} bytes`
        : `broken gzip stream: ${(error as Error).message}`,
    )
  }
}
