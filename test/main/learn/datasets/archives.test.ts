import fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { FormatError } from '#base'
import {
  encodeNpz,
  encodeSafetensors,
  parseNpz,
  parseSafetensors,
  type NamedArray,
} from '#learn/datasets'
import { fixtureBytes } from '../../../support/fixtures.ts'

const counting = Array.from({ length: 24 }, (_, i) => i)
const anyArrays = fc
  .uniqueArray(fc.tuple(fc.string({ maxLength: 12 }), fc.float32Array({ maxLength: 9 })), {
    selector: ([name]) => name,
    maxLength: 5,
  })
  .map(
    (entries) =>
      new Map<string, NamedArray>(
        entries
          .filter(([name]) => name !== '__metadata__')
          .map(([name, data]) => [name, { dtype: 'float32', shape: [data.length, 1], data }]),
      ),
  )

describe('parseNpz', () => {
  test.each(['stored', 'compressed'])('reads a %s archive by NumPy', (name) => {
    const arrays = parseNpz(fixtureBytes('codecs', `${name}.npz`), name)
    expect([...arrays.keys()]).toEqual(['a', 'b'])
    expect(arrays.get('a')).toMatchObject({ dtype: 'float32', shape: [2, 3, 4] })
    expect([...arrays.get('b')!.data]).toEqual(counting.map((i) => i - 5))
  })

  test.each(['stored', 'compressed'])(
    'is not misled by any flipped bit of a %s archive',
    (name) => {
      const bytes = new Uint8Array(fixtureBytes('codecs', `${name}.npz`))
      const clean = parseNpz(bytes, 'clean')
      let passed = 0
      for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
        const damaged = bytes.slice()
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        // A flip in what nobody reads (times, versions) may pass, but only with equal arrays.
        try {
          expect(parseNpz(damaged, 'damaged')).toEqual(clean)
          passed += 1
        } catch (error) {
          if (!(error instanceof FormatError)) throw error
        }
      }
      expect(passed).toBeGreaterThan(0)
      expect(passed).toBeLessThan(8 * bytes.length * 0.5)
    },
  )

  test('names the entry that fails its checksum', () => {
    const bytes = new Uint8Array(fixtureBytes('codecs', 'stored.npz'))
    bytes[250]! ^= 1
    expect(() => parseNpz(bytes, 'w.npz')).toThrow(/^w\.npz: entry "a\.npy" fails its checksum/)
  })

  test('inflates no more than the limit', () => {
    const data = new Float32Array(1e6)
    const bytes = encodeNpz(new Map([['x', { dtype: 'float32', shape: [1e6], data }]]))
    expect(bytes.length).toBeLessThan(10_000)
    expect(() => parseNpz(bytes, 'bomb.npz', 1e6)).toThrow(
      'bomb.npz: must inflate to at most 1000000 bytes, claims 4000128',
    )
  })

  test('inflates no more than an entry claims', () => {
    const bytes = zipSync({ 'x.npy': new Uint8Array(1e6) })
    const claim = bytes.findLastIndex((_, i) => bytes[i] === 0x50 && bytes[i + 2] === 0x01) + 24
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(claim, 1000, true)
    expect(() => parseNpz(bytes, 'liar.npz')).toThrow(/entry "x\.npy" does not inflate/)
  })

  test('refuses entries that are no arrays', () => {
    const bytes = zipSync({ 'notes.txt': new Uint8Array(3) })
    expect(() => parseNpz(bytes, 'z.npz')).toThrow('entry "notes.txt" is not an .npy array')
  })
})

describe('encodeNpz', () => {
  test.each([true, false])('is undone by parseNpz, compressed: %s', (compress) => {
    fc.assert(
      fc.property(anyArrays, (arrays) => {
        // An object's number-like keys come first, so the order of names is not kept.
        const back = parseNpz(encodeNpz(arrays, { compress }), 'a')
        expect(new Set(back.keys())).toEqual(new Set(arrays.keys()))
        for (const [name, array] of arrays) expect(back.get(name)).toEqual(array)
      }),
    )
  })

  test('gives equal bytes for equal arrays', () => {
    const arrays = parseNpz(fixtureBytes('codecs', 'stored.npz'), 's')
    expect(encodeNpz(arrays)).toEqual(encodeNpz(arrays))
  })
})

describe('parseSafetensors', () => {
  test('reads what the reference library wrote', () => {
    const { arrays, metadata } = parseSafetensors(fixtureBytes('codecs', 'mixed.safetensors'), 'm')
    expect([...metadata]).toEqual([['made', 'by safetensors']])
    expect([...arrays.get('i64')!.data]).toEqual(counting.map((i) => i - 5))
    expect([...arrays.get('f64')!.data]).toEqual(counting.map((i) => i / 7))
    expect(arrays.get('f32')).toMatchObject({ dtype: 'float32', shape: [2, 3, 4] })
  })

  test('reads narrow types, scalars and empty tensors that PyTorch wrote', () => {
    const { arrays } = parseSafetensors(fixtureBytes('codecs', 'narrow.safetensors'), 'n')
    const eighths = Float32Array.from(counting, (i) => i / 8)
    const shape = [2, 3, 4]
    expect(Object.fromEntries(arrays)).toEqual({
      f16: { dtype: 'float32', shape, data: eighths },
      bf16: { dtype: 'float32', shape, data: eighths },
      i32: { dtype: 'int32', shape: [6], data: Int32Array.of(-3, -2, -1, 0, 1, 2) },
      u8: { dtype: 'uint8', shape: [5], data: Uint8Array.of(0, 1, 2, 3, 4) },
      bool: { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) },
      scalar: { dtype: 'float32', shape: [], data: Float32Array.of(2.5) },
      empty: { dtype: 'float32', shape: [0, 3], data: new Float32Array(0) },
    })
  })

  const file = (header: unknown, dataBytes: number): Uint8Array => {
    const text = new TextEncoder().encode(
      typeof header === 'string' ? header : JSON.stringify(header),
    )
    const bytes = new Uint8Array(8 + text.length + dataBytes)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
    bytes.set(text, 8)
    return bytes
  }
  const tensor = (begin: number, end: number, shape = [1], dtype = 'F32') => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  })

  test.each([
    ['a gap', { a: tensor(4, 8) }, 8, /"a" must begin at 0 of the data, got 4/],
    ['an overlap', { a: tensor(0, 8, [2]), b: tensor(4, 8) }, 8, /"b" must begin at 8/],
    ['bytes left over', { a: tensor(0, 4) }, 9, /5 bytes belong to no tensor/],
    ['an end outside', { a: tensor(0, 4) }, 3, /"a" needs 4 bytes, got 3/],
    ['offsets unlike the shape', { a: tensor(0, 4, [2]) }, 4, /\[2\] needs 8 bytes, .* give 4/],
    ['a backward offset', { a: tensor(4, 0) }, 4, /offsets give -4/],
    ['an unknown dtype', { a: tensor(0, 1, [1], 'F8_E4M3') }, 1, /got "F8_E4M3"/],
    ['a negative extent', { a: tensor(0, 4, [-1]) }, 4, /no valid shape/],
    ['metadata that is no text', { __metadata__: { n: 1 } }, 0, /"n" is not a text/],
    ['a list', [], 0, /not a JSON object/],
    ['no JSON', '{"a":', 0, /header is not JSON/],
    ['a prototype key', '{"__proto__":1}', 0, /"__proto__" is not described/],
  ])('refuses %s', (_, header, dataBytes, problem) => {
    const parse = () => parseSafetensors(file(header, dataBytes), 'w.safetensors')
    expect(parse).toThrow(FormatError)
    expect(parse).toThrow(problem)
    expect(parse).toThrow(/^w\.safetensors: /)
  })

  test('refuses a header longer than the file before it takes memory', () => {
    const bytes = new Uint8Array(16).fill(0xff)
    expect(() => parseSafetensors(bytes, 'h')).toThrow(/header must be at most 8 bytes, got/)
  })
})

describe('encodeSafetensors', () => {
  test('is undone by parseSafetensors, metadata too', () => {
    const texts = fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }))
    fc.assert(
      fc.property(anyArrays, texts, (arrays, texts) => {
        const wanted = new Map(Object.entries(texts))
        const back = parseSafetensors(encodeSafetensors(arrays, wanted), 'a')
        expect(back.arrays).toEqual(arrays)
        expect(back.metadata).toEqual(wanted)
      }),
    )
  })

  test('aligns the data to 8 bytes', () => {
    const arrays = parseSafetensors(fixtureBytes('codecs', 'narrow.safetensors'), 'n').arrays
    const bytes = encodeSafetensors(arrays)
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0)
  })

  test('refuses a tensor that would be taken for metadata', () => {
    const array = { dtype: 'uint8', shape: [0], data: new Uint8Array(0) } as const
    expect(() => encodeSafetensors(new Map([['__metadata__', array]]))).toThrow(
      'a tensor may not be called __metadata__',
    )
  })
})
