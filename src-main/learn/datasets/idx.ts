import { FormatError } from '#base'
import { sizeOf } from '#tensor/dense'
import { decodeElements, elementBytes } from './elements.ts'
import type { ElementType } from './elements.ts'
import type { NamedArray } from './named-array.ts'

const elementTypes: { readonly [code: number]: ElementType } = {
  0x08: 'u8',
  0x09: 'i8',
  0x0b: 'i16',
  0x0c: 'i32',
  0x0d: 'f32',
  0x0e: 'f64',
}

/**
 * Reads an array in the big-endian IDX format of the MNIST files.
 *
 * @param bytes - Not gzipped.
 * @param file - Named in errors.
 * @throws FormatError if the bytes are not exactly one such array.
 *
 * @see LeCun, Cortes and Burges, The MNIST database, section on file formats
 */
export function parseIdx(bytes: Uint8Array, file: string): NamedArray {
  const type = elementTypes[bytes[2] ?? 0]
  const rank = bytes[3] ?? 0
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || rank === 0) {
    throw new FormatError(file, 'not an IDX array: wrong first bytes', 0)
  }
  const offset = 4 + 4 * rank
  if (bytes.length < offset) throw new FormatError(file, 'truncated IDX header', bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const count = sizeOf(shape)
  const expected = count * elementBytes(type)
  const found = bytes.length - offset
  if (found !== expected) {
    const problem = `shape [${shape.join(', ')}] needs ${expected} bytes of data, got ${found}`
    throw new FormatError(file, problem, offset)
  }
  return { shape, ...decodeElements({ bytes, offset, count, type, littleEndian: false, file }) }
}
