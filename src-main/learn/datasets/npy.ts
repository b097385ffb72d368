import { FormatError, InputError } from '#base'
import { sizeOf } from '#tensor/dense'
import { decodeElements, elementBytes, encodeElements, storedAs } from './elements.ts'
import type { ElementType } from './elements.ts'
import type { ArrayData, NamedArray } from './named-array.ts'

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
const largestHeader = 0x10000
const largestRank = 32

const elementTypes: { readonly [code: string]: ElementType } = {
  f2: 'f16',
  f4: 'f32',
  f8: 'f64',
  i1: 'i8',
  i2: 'i16',
  i4: 'i32',
  i8: 'i64',
  u1: 'u8',
  u2: 'u16',
  u4: 'u32',
  u8: 'u64',
  b1: 'bool',
}
const codes = new Map(Object.entries(elementTypes).map(([code, type]) => [type, code]))

interface NpyHeader {
  readonly type: ElementType
  readonly littleEndian: boolean
  readonly fortranOrder: boolean
  readonly shape: readonly number[]
}

/** Key, colon and value of the header's dictionary: a text, a truth value or a tuple of integers. */
const entryPattern =
  /\s*'(descr|fortran_order|shape)'\s*:\s*('[^']*'|True|False|\(\s*(?:\d+L?\s*,\s*)*(?:\d+L?\s*)?\))\s*(,|(?=\}))/y

function parseHeader(text: string, file: string): NpyHeader {
  const refuse = (problem: string) => new FormatError(file, problem, 10)
  const open = /^\s*\{/.exec(text)
  if (open === null) throw refuse('the NPY header is not a dictionary')
  const entries = new Map<string, string>()
  let position = open[0].length
  for (;;) {
    entryPattern.lastIndex = position
    const match = entryPattern.exec(text)
    if (match === null) break
    const key = match[1]!
    if (entries.has(key)) throw refuse(`the NPY header names ${key} twice`)
    entries.set(key, match[2]!)
    position = entryPattern.lastIndex
  }
  if (!/^\s*\}\s*$/.test(text.slice(position))) {
    throw refuse('the NPY header is malformed or of a structured dtype')
  }
  const descr = /^'([<>|=])([a-zA-Z]\d*)'$/.exec(entries.get('descr') ?? '')
  const order = entries.get('fortran_order')
  const tuple = entries.get('shape')
  const type = descr === null ? undefined : elementTypes[descr[2]!]
  if (type === undefined) {
    const known = Object.keys(elementTypes).join(', ')
    throw refuse(`dtype must be one of ${known}, got ${entries.get('descr') ?? 'none'}`)
  }
  if (order !== 'True' && order !== 'False') throw refuse('fortran_order must be True or False')
  if (!tuple?.startsWith('(')) throw refuse('shape must be a tuple of integers')
  const shape = (tuple.match(/\d+/g) ?? []).map(Number)
  if (shape.length > largestRank || !shape.every(Number.isSafeInteger)) {
    throw refuse(`shape ${tuple} is out of range`)
  }
  return { type, littleEndian: descr![1] !== '>', fortranOrder: order === 'True', shape }
}

/** Row-major copy of column-major data. */
function fromFortranOrder<T extends ArrayData>(data: T, shape: readonly number[]): T {
  const result = data.slice() as T
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)))
  const index = shape.map(() => 0)
  let source = 0
  for (let target = 0; target < data.length; target += 1) {
    result[target] = data[source]!
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1
      source += strides[axis]!
      if (index[axis]! < shape[axis]!) break
      source -= index[axis]! * strides[axis]!
      index[axis] = 0
    }
  }
  return result
}

/**
 * Reads one array in NumPy's NPY format, versions 1 to 3: floats, integers and bools of either
 * byte order, C or Fortran order. 16-bit floats become float32.
 *
 * @param file - Named in errors.
 * @throws FormatError if the bytes are not exactly one such array, or an integer is beyond ±2⁵³.
 *
 * @see NumPy Enhancement Proposal 1, a simple file format for NumPy arrays
 */
export function parseNpy(bytes: Uint8Array, file: string): NamedArray {
  if (magic.some((byte, i) => bytes[i] !== byte)) {
    throw new FormatError(file, 'not an NPY array: wrong first bytes', 0)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = bytes[6] ?? 0
  if (version < 1 || version > 3) {
    throw new FormatError(file, `NPY version must be in 1…3, got ${version}`, 6)
  }
  const start = version === 1 ? 10 : 12
  if (bytes.length < start) throw new FormatError(file, 'truncated NPY header', bytes.length)
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > largestHeader) {
    throw new FormatError(file, `NPY header must be at most ${largestHeader} bytes`, 8)
  }
  const offset = start + length
  if (bytes.length < offset) throw new FormatError(file, 'truncated NPY header', bytes.length)
  const text = Buffer.from(bytes.subarray(start, offset)).toString('latin1')
  const { type, littleEndian, fortranOrder, shape } = parseHeader(text, file)
  const count = sizeOf(shape)
  const expected = count * elementBytes(type)
  const found = bytes.length - offset
  if (found !== expected) {
    throw new FormatError(
      file,
      `shape [${shape.join(', ')}] needs ${expected} bytes of data, got ${found}`,
      offset,
    )
  }
  const { dtype, data } = decodeElements({ bytes, offset, count, type, littleEndian, file })
  const isColumnMajor = fortranOrder && shape.length > 1
  return { dtype, shape, data: isColumnMajor ? fromFortranOrder(data, shape) : data }
}

/**
 * Writes an array in NumPy's NPY format (version 1, little-endian, C order).
 *
 * @throws InputError if the data have not the shape's size.
 */
export function encodeNpy(array: NamedArray): Uint8Array {
  const { dtype, shape, data } = array
  if (sizeOf(shape) !== data.length) {
    throw new InputError('array', `shape [${shape.join(', ')}] does not hold ${data.length} values`)
  }
  const type = storedAs[dtype]
  const order = elementBytes(type) === 1 ? '|' : '<'
  const tuple = shape.length === 1 ? `(${shape[0]!},)` : `(${shape.join(', ')})`
  const fields = `{'descr': '${order}${codes.get(type)!}', 'fortran_order': False, 'shape': ${tuple}, }`
  // Header and its ten bytes fill a multiple of 64, so that data are aligned.
  const header = fields.padEnd(Math.ceil((fields.length + 11) / 64) * 64 - 11) + '\n'
  const prefix = Buffer.from([...magic, 1, 0, header.length & 0xff, header.length >>> 8])
  return new Uint8Array(Buffer.concat([prefix, Buffer.from(header), encodeElements(dtype, data)]))
}
