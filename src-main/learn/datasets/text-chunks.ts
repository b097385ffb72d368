import { FormatError } from '#base'
import { readThrough, withSource } from './byte-source.ts'

/** Bytes of text handed over at once. */
const chunkBytes = 2 ** 20

/** Largest text, inflated. */
const largestTextBytes = 2 ** 34

/**
 * Hands over the bytes of a text file, gzipped or not, piece by piece.
 *
 * @returns How many they were.
 * @throws MissingFileError or FormatError if the file is not what it should be.
 */
export function eachTextChunk(path: string, visit: (chunk: Uint8Array) => void): Promise<number> {
  return withSource(path, (source) =>
    readThrough(source, largestTextBytes, async (cursor) => {
      for (;;) {
        const chunk = await cursor.take(chunkBytes)
        if (chunk.length === 0) return cursor.position
        visit(chunk)
      }
    }),
  )
}

/**
 * As {@link eachTextChunk}, decoded from UTF-8; a byte-order mark is dropped.
 *
 * @throws FormatError if the bytes are not UTF-8.
 */
export async function eachTextString(path: string, visit: (text: string) => void): Promise<number> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let position = 0
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      throw new FormatError(path, 'not UTF-8 text, somewhere in a megabyte', position)
    }
  }
  const size = await eachTextChunk(path, (chunk) => {
    visit(decode(chunk))
    position += chunk.length
  })
  visit(decode())
  return size
}
