import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { FormatError, InputError } from '#base'
import { withHandle } from './read-file.ts'

/** Bytes that can be read from any place. */
export interface ByteSource {
  /** Named in errors. */
  readonly path: string
  readonly size: number
  /** As many bytes as there are in offset…offset + length − 1. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** Bytes that are read from front to back. */
export interface ByteCursor {
  /** Bytes taken or skipped so far. */
  readonly position: number
  /** The next bytes; fewer than `length` only at the end. */
  take(length: number): Promise<Uint8Array>
  /** Passes over bytes, and tells how many there were. */
  skip(length: number): Promise<number>
}

/** Bytes in memory as a source. */
export const memorySource = (bytes: Uint8Array, path: string): ByteSource => ({
  path,
  size: bytes.length,
  read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
})

/**
 * Opens a file for reads at any offset, hands it over and closes it.
 *
 * @throws MissingFileError if there is none.
 * @throws FormatError if it is not a regular file, or became shorter meanwhile.
 * @throws InputError if the system refuses to read it.
 */
export function withSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  return withHandle(path, async (handle) => {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new FormatError(path, 'not a regular file')
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, stat.size - offset)))
      let done = 0
      while (done < bytes.length) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done)
        if (bytesRead === 0) {
          throw new FormatError(path, 'became shorter while it was read', offset + done)
        }
        done += bytesRead
      }
      return bytes
    }
    return use({ path, size: stat.size, read })
  })
}

/** Bytes read at once where a header is expected: holds small members, not a picture. */
const windowBytes = 4096

/** A cursor that skips without reading. */
export function sourceCursor(source: ByteSource): ByteCursor {
  let position = 0
  let start = 0
  let held: Uint8Array = new Uint8Array(0)
  return {
    get position() {
      return position
    },
    take: async (length) => {
      const isHeld = position >= start && position + length <= start + held.length
      if (!isHeld) {
        held = await source.read(position, Math.max(length, windowBytes))
        start = position
      }
      const taken = held.subarray(position - start, position - start + length)
      position += taken.length
      return taken
    },
    skip: (length) => {
      const skipped = Math.max(0, Math.min(length, source.size - position))
      position += skipped
      return Promise.resolve(skipped)
    },
  }
}

/** A cursor over a stream; what is skipped is read and dropped. */
export function streamCursor(chunks: AsyncIterable<Uint8Array>): ByteCursor {
  const iterator = chunks[Symbol.asyncIterator]()
  let position = 0
  let rest: Uint8Array = new Uint8Array(0)
  /** Hands over the next bytes piece by piece. */
  const walk = async (length: number, visit: (piece: Uint8Array) => void): Promise<number> => {
    let done = 0
    while (done < length) {
      if (rest.length === 0) {
        const next = await iterator.next()
        if (next.done === true) break
        rest = next.value
      }
      const piece = rest.subarray(0, length - done)
      rest = rest.subarray(piece.length)
      done += piece.length
      visit(piece)
    }
    position += done
    return done
  }
  return {
    get position() {
      return position
    },
    take: async (length) => {
      const pieces: Uint8Array[] = []
      await walk(length, (piece) => pieces.push(piece))
      return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    },
    skip: (length) => walk(length, () => undefined),
  }
}

/** Bytes of a file handed to the inflater at once. */
const chunkBytes = 2 ** 18

async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.size; offset += chunkBytes) {
    yield await source.read(offset, chunkBytes)
  }
}

/**
 * Reads a source from front to back, inflating it if its first bytes say that it is gzipped; memory is
 * bounded by what `use` takes at once.
 *
 * @param maxBytes - Inflated.
 * @throws FormatError if the gzip stream is corrupt or inflates beyond `maxBytes`.
 */
export async function readThrough<T>(
  source: ByteSource,
  maxBytes: number,
  use: (cursor: ByteCursor) => Promise<T>,
): Promise<T> {
  const first = await source.read(0, 2)
  if (first[0] !== 0x1f || first[1] !== 0x8b) return use(sourceCursor(source))
  const { path } = source
  async function* limited(inflated: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let total = 0
    for await (const chunk of inflated) {
      total += chunk.length
      if (total > maxBytes) throw new FormatError(path, `must inflate to at most ${maxBytes} bytes`)
      yield chunk
    }
  }
  const chunks = Readable.from(chunksOf(source), { objectMode: false })
  try {
    return await pipeline(chunks, createGunzip(), async (inflated: AsyncIterable<Uint8Array>) => {
      const cursor = streamCursor(limited(inflated))
      const result = await use(cursor)
      // To the end, where the stream's checksum is.
      await cursor.skip(Infinity)
      return result
    })
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new FormatError(path, `broken gzip stream: ${(error as Error).message}`)
  }
}
