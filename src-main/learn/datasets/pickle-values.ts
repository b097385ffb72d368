import { sizeOf } from '#tensor/dense'

/** An array of bytes as NumPy pickles it. */
export interface PickledArray {
  readonly kind: 'array'
  readonly shape: readonly number[]
  /** Row-major. */
  readonly data: Uint8Array
}

/** What a pickle may hold; Python 2's texts are bytes, and tuples are lists. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleList
  | PickleDictionary
  | PickledArray
  | { readonly kind: 'global' | 'dtype' }

/** A list or tuple. */
export type PickleList = readonly PickleValue[]

/** A dictionary; its keys are texts, or Python 2's bytes read as Latin-1. */
export type PickleDictionary = ReadonlyMap<string, PickleValue>

/** A name that a pickle calls, an array before its content is known, and its type. */
export type PickleObject =
  | { readonly kind: 'global'; readonly name: string }
  | { readonly kind: 'dtype' }
  | { readonly kind: 'array'; shape: readonly number[]; data: Uint8Array }

/** What lies on the stack while a pickle is read. */
export type StackValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | StackValue[]
  | Map<string, StackValue>
  | PickleObject

/** Names that may be called, under their old and new modules. */
const knownNames = new Map([
  ['numpy.core.multiarray _reconstruct', 'reconstruct'],
  ['numpy._core.multiarray _reconstruct', 'reconstruct'],
  ['numpy ndarray', 'ndarray'],
  ['numpy dtype', 'dtype'],
  ['_codecs encode', 'encode'],
])

/** A problem with what a pickle says; the reader adds file and offset. */
export class PickleProblem extends Error {}

/** The value of `module.name`, if it is one of the few that arrays of bytes need. */
export function resolveName(module: StackValue, name: StackValue): PickleObject {
  const label = typeof module === 'string' && typeof name === 'string' ? `${module} ${name}` : ''
  const known = knownNames.get(label)
  if (known !== undefined) return { kind: 'global', name: known }
  throw new PickleProblem(`names ${label.replace(' ', '.').slice(0, 100)}, which is not read`)
}

const kindOf = (value: StackValue): string =>
  value !== null && typeof value === 'object' && 'kind' in value ? value.kind : typeof value

/** Latin-1 bytes of a text: how protocol 2 writes the bytes of Python 3. */
function encodeText(args: readonly StackValue[]): Uint8Array {
  const [text, encoding] = args
  if (typeof text !== 'string' || encoding !== 'latin1' || args.length !== 2) {
    throw new PickleProblem('encodes something else than a text as latin1')
  }
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code > 0xff) throw new PickleProblem('encodes a letter beyond latin1')
    bytes[i] = code
  }
  return bytes
}

/** Type names are texts or, from Python 2, bytes. */
const textOf = (value: StackValue | undefined): unknown =>
  value instanceof Uint8Array ? Buffer.from(value.subarray(0, 100)).toString('latin1') : value

/**
 * Calls one of the known names.
 *
 * @param budget - Bytes that may still be made.
 */
export function callName(called: StackValue, args: StackValue, budget: number): StackValue {
  const isCallable = called !== null && typeof called === 'object' && 'kind' in called
  if (!isCallable || called.kind !== 'global' || !Array.isArray(args)) {
    throw new PickleProblem(`calls a ${kindOf(called)}`)
  }
  if (called.name === 'encode') {
    if (typeof args[0] === 'string' && args[0].length > budget) {
      throw new PickleProblem('encodes more bytes than the file has')
    }
    return encodeText(args)
  }
  if (called.name === 'dtype') {
    if (textOf(args[0]) === 'u1') return { kind: 'dtype' }
    throw new PickleProblem(
      `must hold arrays of type u1, got ${String(textOf(args[0])).slice(0, 20)}`,
    )
  }
  if (called.name === 'reconstruct') {
    return { kind: 'array', shape: [0], data: new Uint8Array(0) }
  }
  throw new PickleProblem(`calls ${called.name}`)
}

/** Column-major to row-major. */
function transpose(data: Uint8Array, shape: readonly number[]): Uint8Array {
  const result = new Uint8Array(data.length)
  const index = shape.map(() => 0)
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)))
  let from = 0
  for (let to = 0; to < data.length; to += 1) {
    result[to] = data[from]!
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1
      from += strides[axis]!
      if (index[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return result
}

/**
 * Sets the state of an array or type that was just made.
 *
 * @param budget - Bytes that may still be made.
 * @returns Bytes made.
 */
export function buildObject(built: StackValue, state: StackValue, budget: number): number {
  if (built === null || typeof built !== 'object' || !('kind' in built)) {
    throw new PickleProblem(`sets the state of a ${kindOf(built)}`)
  }
  // (version, order, …) of a type of one byte: nothing in it matters.
  if (built.kind === 'dtype') return 0
  if (built.kind !== 'array' || !Array.isArray(state)) {
    throw new PickleProblem(`sets the state of a ${built.kind}`)
  }
  const [, shape, type, isFortran, data] = state
  const isShape =
    Array.isArray(shape) &&
    shape.length <= 8 &&
    shape.every((extent) => Number.isSafeInteger(extent) && Number(extent) >= 0)
  if (state.length !== 5 || !isShape || kindOf(type ?? null) !== 'dtype') {
    throw new PickleProblem('holds an array of unknown shape or type')
  }
  const extents = shape as number[]
  if (!(data instanceof Uint8Array) || data.length !== sizeOf(extents)) {
    const found = data instanceof Uint8Array ? `${data.length} bytes` : kindOf(data ?? null)
    throw new PickleProblem(
      `array [${extents.join(', ')}] needs ${sizeOf(extents)} bytes, got ${found}`,
    )
  }
  built.shape = extents
  const isCopied = isFortran === true || isFortran === 1
  if (isCopied && data.length > budget) throw new PickleProblem('holds more arrays than bytes')
  built.data = isCopied ? transpose(data, extents) : data
  return isCopied ? data.length : 0
}
