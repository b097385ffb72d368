import { FormatError, InputError } from '#base'
import { sizeOf } from '#tensor/dense'
import { decodeElements, elementBytes, encodeElements, storedAs } from './elements.ts'
import type { ElementType } from './elements.ts'
import type { NamedArray, NamedArrays } from './named-array.ts'

/** The reference implementation's bound on the header. */
const largestHeader = 100_000_000

const elementTypes: { readonly [dtype: string]: ElementType } = {
  F16: 'f16',
  BF16: 'bf16',
  F32: 'f32',
  F64: 'f64',
  I8: 'i8',
  I16: 'i16',
  I32: 'i32',
  I64: 'i64',
  U8: 'u8',
  U16: 'u16',
  U32: 'u32',
  U64: 'u64',
  BOOL: 'bool',
}
const names = new Map(Object.entries(elementTypes).map(([name, type]) => [type, name]))

interface TensorEntry {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount)

function parseEntry(name: string, value: unknown, file: string): TensorEntry {
  const label = `tensor ${JSON.stringify(name)}`
  if (!isObject(value)) throw new FormatError(file, `${label} is not described by an object`)
  const { dtype, shape, data_offsets: offsets } = value
  const type =
    typeof dtype === 'string' && Object.hasOwn(elementTypes, dtype)
      ? elementTypes[dtype]
      : undefined
  if (type === undefined) {
    const known = Object.keys(elementTypes).join(', ')
    throw new FormatError(
      file,
      `${label} must have dtype ${known}, got ${dtype === undefined ? 'none' : JSON.stringify(dtype)}`,
    )
  }
  if (!isCounts(shape)) throw new FormatError(file, `${label} has no valid shape`)
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new FormatError(file, `${label} has no valid data_offsets`)
  }
  const [begin, end] = offsets as [number, number]
  const expected = sizeOf(shape) * elementBytes(type)
  if (end - begin !== expected) {
    throw new FormatError(
      file,
      `${label} of shape [${shape.join(', ')}] needs ${expected} bytes, its offsets give ${end - begin}`,
    )
  }
  return { name, type, shape, begin, end }
}

function parseHeader(bytes: Uint8Array, length: number, file: string): Record<string, unknown> {
  let header: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length))
    header = JSON.parse(text)
  } catch (error) {
    throw new FormatError(file, `the header is not JSON: ${(error as Error).message}`, 8)
  }
  if (!isObject(header)) throw new FormatError(file, 'the header is not a JSON object', 8)
  return header
}

function parseMetadata(value: unknown, file: string): Map<string, string> {
  const metadata = new Map<string, string>()
  if (value === undefined) return metadata
  if (!isObject(value)) throw new FormatError(file, '__metadata__ is not an object of texts', 8)
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new FormatError(file, `__metadata__ ${JSON.stringify(key)} is not a text`, 8)
    }
    metadata.set(key, text)
  }
  return metadata
}

/**
 * Reads a safetensors file: tensors in the order of their data, and its metadata.
 *
 * F16 and BF16 become float32. As the reference does, refuses gaps, overlaps and bytes left over.
 *
 * @param file - Named in errors.
 * @throws FormatError naming the tensor, if the bytes are not exactly such a file.
 *
 * @see Hugging Face, safetensors format (README of huggingface/safetensors)
 */
export function parseSafetensors(
  bytes: Uint8Array,
  file: string,
): { readonly arrays: NamedArrays; readonly metadata: ReadonlyMap<string, string> } {
  if (bytes.length < 8) throw new FormatError(file, 'truncated safetensors header', bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = Number(view.getBigUint64(0, true))
  const limit = Math.min(largestHeader, bytes.length - 8)
  if (length > limit) {
    throw new FormatError(
      file,
      `safetensors header must be at most ${limit} bytes, got ${length}`,
      0,
    )
  }
  const header = parseHeader(bytes, length, file)
  const metadata = parseMetadata(header['__metadata__'], file)
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value, file))
    .sort((a, b) => a.begin - b.begin || a.end - b.end)
  const start = 8 + length
  const arrays: NamedArrays = new Map()
  let position = 0
  for (const { name, type, shape, begin, end } of entries) {
    if (begin !== position) {
      throw new FormatError(
        file,
        `tensor ${JSON.stringify(name)} must begin at ${position} of the data, got ${begin}`,
        start + Math.min(begin, position),
      )
    }
    if (start + end > bytes.length) {
      const left = bytes.length - start - begin
      const problem = `tensor ${JSON.stringify(name)} needs ${end - begin} bytes, got ${left}`
      throw new FormatError(file, problem, start + begin)
    }
    const source = { bytes, offset: start + begin, count: sizeOf(shape), type, file }
    arrays.set(name, { shape, ...decodeElements({ ...source, littleEndian: true }) })
    position = end
  }
  if (start + position !== bytes.length) {
    const left = bytes.length - start - position
    throw new FormatError(file, `${left} bytes belong to no tensor`, start + position)
  }
  return { arrays, metadata }
}

/**
 * Writes tensors, in the order given, and metadata as safetensors.
 *
 * @throws InputError if a tensor is called `__metadata__` or has not its shape's size.
 */
export function encodeSafetensors(
  arrays: ReadonlyMap<string, NamedArray>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const fields: string[] = []
  const field = (key: string, value: unknown) =>
    fields.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`)
  if (metadata.size > 0) field('__metadata__', Object.fromEntries(metadata))
  const parts: Uint8Array[] = []
  let begin = 0
  for (const [name, { dtype, shape, data }] of arrays) {
    if (name === '__metadata__') throw new InputError(name, `a tensor may not be called ${name}`)
    if (sizeOf(shape) !== data.length) {
      const problem = `${name}: shape [${shape.join(', ')}] does not hold ${data.length} values`
      throw new InputError(name, problem)
    }
    const part = encodeElements(dtype, data)
    const end = begin + part.length
    field(name, { dtype: names.get(storedAs[dtype]), shape, data_offsets: [begin, end] })
    parts.push(part)
    begin = end
  }
  const json = Buffer.from(`{${fields.join(',')}}`)
  // Spaces align the data to 8 bytes.
  const header = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ')
  header.set(json)
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(header.length))
  return new Uint8Array(Buffer.concat([prefix, header, ...parts]))
}
