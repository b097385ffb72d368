import { FormatError } from '#base'
import {
  buildObject,
  callName,
  PickleProblem,
  resolveName,
  type PickleValue,
  type StackValue,
} from './pickle-values.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the machine's instructions from bytes, and keeps its stack and memory. */
class PickleMachine {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #memory = new Map<number, StackValue>()
  readonly #marks: StackValue[][] = []
  #stack: StackValue[] = []
  #position = 0
  /** Bytes that calls may still make: so many that a file cannot make many of few. */
  #budget: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#budget = 2 * bytes.length
  }

  get position(): number {
    return this.#position
  }

  /** Where the next `length` bytes begin. */
  #advance(length: number): number {
    const at = this.#position
    if (length < 0 || at + length > this.#bytes.length) {
      throw new PickleProblem(
        `truncated: needs ${length} more bytes, has ${this.#bytes.length - at}`,
      )
    }
    this.#position += length
    return at
  }

  #byte(): number {
    return this.#bytes[this.#advance(1)]!
  }

  #word(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  #take(length: number): Uint8Array {
    const at = this.#advance(length)
    return this.#bytes.subarray(at, at + length)
  }

  #text(length: number): string {
    try {
      return utf8.decode(this.#take(length))
    } catch (error) {
      if (error instanceof PickleProblem) throw error
      throw new PickleProblem('text is not UTF-8', { cause: error })
    }
  }

  #line(): string {
    const end = this.#bytes.subarray(this.#position, this.#position + 200).indexOf(0x0a)
    if (end < 0) throw new PickleProblem('name without an end')
    const line = this.#text(end)
    this.#advance(1)
    return line
  }

  /** Little-endian two's complement of up to 8 bytes. */
  #long(length: number): number {
    if (length > 8) throw new PickleProblem(`integer of ${length} bytes`)
    const digits = this.#take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(digits[i]!)
    const number = Number(BigInt.asIntN(8 * length, value))
    if (!Number.isSafeInteger(number)) throw new PickleProblem('integer beyond ±2⁵³')
    return number
  }

  #pop(): StackValue {
    const value = this.#stack.pop()
    if (value === undefined) throw new PickleProblem('takes from an empty stack')
    return value
  }

  #top(): StackValue {
    const value = this.#stack.at(-1)
    if (value === undefined) throw new PickleProblem('takes from an empty stack')
    return value
  }

  /** What was pushed since the last mark. */
  #popMarked(): StackValue[] {
    const items = this.#stack
    const below = this.#marks.pop()
    if (below === undefined) throw new PickleProblem('takes from an empty stack')
    this.#stack = below
    return items
  }

  #popMany(count: number): StackValue[] {
    if (this.#stack.length < count) throw new PickleProblem('takes from an empty stack')
    return this.#stack.splice(this.#stack.length - count, count)
  }

  #recall(index: number): StackValue {
    const value = this.#memory.get(index)
    if (value === undefined) throw new PickleProblem(`recalls ${index}, which was not kept`)
    return value
  }

  #append(items: readonly StackValue[]): void {
    const list = this.#top()
    if (!Array.isArray(list)) throw new PickleProblem('appends to something else than a list')
    for (const item of items) list.push(item)
  }

  #setItems(items: readonly StackValue[]): void {
    const dictionary = this.#top()
    if (!(dictionary instanceof Map) || items.length % 2 !== 0) {
      throw new PickleProblem('sets items of something else than a dictionary')
    }
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!
      if (typeof key === 'string') dictionary.set(key, items[i + 1]!)
      else if (key instanceof Uint8Array && key.length <= 200) {
        dictionary.set(Buffer.from(key).toString('latin1'), items[i + 1]!)
      } else throw new PickleProblem('has a key that is no short text')
    }
  }

  #reduce(): StackValue {
    const [called, args] = this.#popMany(2)
    const result = callName(called!, args!, this.#budget)
    if (result instanceof Uint8Array) this.#budget -= result.length
    return result
  }

  /** Instructions that push a value. */
  readonly #pushes: { readonly [code: number]: () => StackValue } = {
    0x4e: () => null,
    0x88: () => true,
    0x89: () => false,
    0x4a: () => this.#view.getInt32(this.#advance(4), true),
    0x4b: () => this.#byte(),
    0x4d: () => this.#view.getUint16(this.#advance(2), true),
    0x8a: () => this.#long(this.#byte()),
    0x47: () => this.#view.getFloat64(this.#advance(8), false),
    0x55: () => this.#take(this.#byte()),
    0x54: () => this.#take(this.#word()),
    0x43: () => this.#take(this.#byte()),
    0x42: () => this.#take(this.#word()),
    0x8c: () => this.#text(this.#byte()),
    0x58: () => this.#text(this.#word()),
    0x29: () => [],
    0x85: () => this.#popMany(1),
    0x86: () => this.#popMany(2),
    0x87: () => this.#popMany(3),
    0x74: () => this.#popMarked(),
    0x5d: () => [],
    0x7d: () => new Map(),
    0x68: () => this.#recall(this.#byte()),
    0x6a: () => this.#recall(this.#word()),
    0x63: () => resolveName(this.#line(), this.#line()),
    0x93: () => resolveName(...(this.#popMany(2) as [StackValue, StackValue])),
    0x52: () => this.#reduce(),
  }

  /** Instructions that change what is there. */
  readonly #changes: { readonly [code: number]: () => void } = {
    0x80: () => {
      const protocol = this.#byte()
      if (protocol > 4) throw new PickleProblem(`protocol must be at most 4, got ${protocol}`)
    },
    // A frame's length helps only who reads from a stream.
    0x95: () => void this.#advance(8),
    0x28: () => {
      this.#marks.push(this.#stack)
      this.#stack = []
    },
    0x71: () => void this.#memory.set(this.#byte(), this.#top()),
    0x72: () => void this.#memory.set(this.#word(), this.#top()),
    0x94: () => void this.#memory.set(this.#memory.size, this.#top()),
    0x61: () => this.#append([this.#pop()]),
    0x65: () => this.#append(this.#popMarked()),
    0x73: () => this.#setItems(this.#popMany(2)),
    0x75: () => this.#setItems(this.#popMarked()),
    0x62: () => {
      const state = this.#pop()
      this.#budget -= buildObject(this.#top(), state, this.#budget)
    },
  }

  run(): StackValue {
    for (;;) {
      const code = this.#byte()
      if (code === 0x2e) return this.#pop()
      const push = this.#pushes[code]
      const change = this.#changes[code]
      if (push !== undefined) {
        // First, as it may replace the stack.
        const value = push()
        this.#stack.push(value)
      } else if (change !== undefined) change()
      else throw new PickleProblem(`instruction 0x${code.toString(16)} is not read`)
    }
  }
}

/**
 * Reads a pickle of texts, numbers, lists, dictionaries and NumPy arrays of bytes, as Python 2 and 3 write
 * them in protocols 2 to 4. Nothing is run: any other name than the few of such arrays is refused.
 *
 * Memory: a small multiple of the file. Arrays are views of `bytes` unless they lie column-major.
 *
 * @param file - Named in errors.
 * @throws FormatError with the byte offset, at anything else.
 *
 * @see Python Standard Library, pickletools: the instructions of the pickle machine
 */
export function parsePickle(bytes: Uint8Array, file: string): PickleValue {
  const machine = new PickleMachine(bytes)
  try {
    return machine.run()
  } catch (error) {
    if (!(error instanceof PickleProblem)) throw error
    throw new FormatError(file, `pickle: ${error.message}`, machine.position)
  }
}
