import { FormatError } from '#base'
import type { ArrayData, ArrayDtype } from './named-array.ts'

/** Number types as they lie in a file: kind and size in bits. */
export type ElementType =
  | 'f16'
  | 'bf16'
  | 'f32'
  | 'f64'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'bool'

type Raw =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

interface ElementRule {
  readonly bytes: 1 | 2 | 4 | 8
  readonly dtype: ArrayDtype
  readonly view: (buffer: ArrayBuffer) => Raw
}

const rules: { readonly [E in ElementType]: ElementRule } = {
  f16: { bytes: 2, dtype: 'float32', view: (buffer) => widenHalf(new Uint16Array(buffer)) },
  bf16: { bytes: 2, dtype: 'float32', view: (buffer) => widenBrain(new Uint16Array(buffer)) },
  f32: { bytes: 4, dtype: 'float32', view: (buffer) => new Float32Array(buffer) },
  f64: { bytes: 8, dtype: 'float64', view: (buffer) => new Float64Array(buffer) },
  i8: { bytes: 1, dtype: 'int32', view: (buffer) => new Int8Array(buffer) },
  i16: { bytes: 2, dtype: 'int32', view: (buffer) => new Int16Array(buffer) },
  i32: { bytes: 4, dtype: 'int32', view: (buffer) => new Int32Array(buffer) },
  i64: { bytes: 8, dtype: 'int64', view: (buffer) => new BigInt64Array(buffer) },
  u8: { bytes: 1, dtype: 'uint8', view: (buffer) => new Uint8Array(buffer) },
  u16: { bytes: 2, dtype: 'int32', view: (buffer) => new Uint16Array(buffer) },
  u32: { bytes: 4, dtype: 'int64', view: (buffer) => new Uint32Array(buffer) },
  u64: { bytes: 8, dtype: 'int64', view: (buffer) => new BigUint64Array(buffer) },
  bool: { bytes: 1, dtype: 'bool', view: (buffer) => new Uint8Array(buffer) },
}

const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Bytes one element takes in a file. */
export const elementBytes = (type: ElementType): number => rules[type].bytes

/** IEEE binary16: 1 sign, 5 exponent, 10 fraction bits. */
function widenHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >>> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0) return sign * fraction * 2 ** -24
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
    return sign * (1024 + fraction) * 2 ** (exponent - 25)
  })
}

/** bfloat16 is the upper half of a float32. */
function widenBrain(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer)
}

/** Puts each element's bytes in the reverse order, in place. */
function swapBytes(bytes: Uint8Array, size: 1 | 2 | 4 | 8): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (size === 2) buffer.swap16()
  if (size === 4) buffer.swap32()
  if (size === 8) buffer.swap64()
}

function safeIntegers(raw: BigInt64Array | BigUint64Array, file: string, offset: number) {
  const data = new Float64Array(raw.length)
  for (let i = 0; i < raw.length; i += 1) {
    data[i] = Number(raw[i]!)
    if (!Number.isSafeInteger(data[i])) {
      throw new FormatError(file, `integer ${raw[i]!} is beyond ±2⁵³`, offset + 8 * i)
    }
  }
  return data
}

/**
 * Decodes elements that lie one after another; always copies, so the file's bytes may be dropped.
 *
 * @param bytes - The whole file, long enough: `offset + count · elementBytes(type)`, trusted.
 * @throws FormatError if a 64-bit integer is not safe as a number, or a bool is neither 0 nor 1.
 */
export function decodeElements(options: {
  readonly bytes: Uint8Array
  readonly offset: number
  readonly count: number
  readonly type: ElementType
  readonly littleEndian: boolean
  readonly file: string
}): { readonly dtype: ArrayDtype; readonly data: ArrayData } {
  const { bytes, offset, count, type, file } = options
  const rule = rules[type]
  const copy = new Uint8Array(count * rule.bytes)
  copy.set(bytes.subarray(offset, offset + copy.length))
  if (options.littleEndian !== hostIsLittleEndian) swapBytes(copy, rule.bytes)
  const raw = rule.view(copy.buffer)
  const { dtype } = rule
  if (raw instanceof BigInt64Array || raw instanceof BigUint64Array) {
    return { dtype, data: safeIntegers(raw, file, offset) }
  }
  if (raw instanceof Uint32Array) return { dtype, data: Float64Array.from(raw) }
  if (raw instanceof Int8Array || raw instanceof Int16Array || raw instanceof Uint16Array) {
    return { dtype, data: Int32Array.from(raw) }
  }
  if (dtype === 'bool') {
    const index = raw.findIndex((byte) => byte > 1)
    if (index >= 0) {
      throw new FormatError(file, `bool must be 0 or 1, got ${raw[index]!}`, offset + index)
    }
  }
  return { dtype, data: raw }
}

/** The element type each dtype is written as. */
export const storedAs: { readonly [D in ArrayDtype]: ElementType } = {
  float32: 'f32',
  float64: 'f64',
  int64: 'i64',
  int32: 'i32',
  uint8: 'u8',
  bool: 'bool',
}

/** Little-endian bytes of an array's elements, in order. */
export function encodeElements(dtype: ArrayDtype, data: ArrayData): Uint8Array {
  const raw = dtype === 'int64' ? BigInt64Array.from(data, (value) => BigInt(value)) : data
  const bytes = new Uint8Array(raw.byteLength)
  bytes.set(new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength))
  if (!hostIsLittleEndian) swapBytes(bytes, rules[storedAs[dtype]].bytes)
  return bytes
}
