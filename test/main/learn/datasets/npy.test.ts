import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FormatError } from '#base'
import { encodeNpy, parseNpy, type ArrayData, type NamedArray } from '#learn/datasets'
import { fixtureBytes } from '../../../support/fixtures.ts'

const counting = Array.from({ length: 24 }, (_, i) => i)
const read = (name: string) => parseNpy(fixtureBytes('codecs', `${name}.npy`), `${name}.npy`)

/** An NPY file with a header of one's own. */
function withHeader(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header)
  const length = version === 1 ? [text.length & 255, text.length >>> 8] : [text.length, 0, 0, 0]
  return Uint8Array.from([147, 78, 85, 77, 80, 89, version, 0, ...length, ...text, ...data])
}

const anyArray: fc.Arbitrary<NamedArray> = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    fc.constantFrom('float32', 'float64', 'int64', 'int32', 'uint8', 'bool'),
    fc.integer(),
  )
  .map(([shape, dtype, seed]) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const value = (i: number) => ((seed % 1000) + 1) * (i + 1)
    const fill = <T extends ArrayData>(data: T, f: (i: number) => number): T => {
      for (let i = 0; i < size; i += 1) data[i] = f(i)
      return data
    }
    const data = {
      float32: () => fill(new Float32Array(size), (i) => value(i) / 7),
      float64: () => fill(new Float64Array(size), (i) => value(i) / 7),
      int64: () => fill(new Float64Array(size), (i) => value(i) * 2 ** 30),
      int32: () => fill(new Int32Array(size), (i) => -value(i)),
      uint8: () => fill(new Uint8Array(size), (i) => value(i)),
      bool: () => fill(new Uint8Array(size), (i) => i % 2),
    }[dtype]()
    return { dtype, shape, data }
  })

describe('parseNpy', () => {
  test.each([
    ['float64', 'float64', counting.map((i) => i / 7)],
    ['float32', 'float32', counting.map((i) => Math.fround(Math.fround(i) / 7))],
    ['float16', 'float32', counting.map((i) => i / 8)],
    ['int64', 'int64', counting.map((i) => i - 5)],
    ['uint8', 'uint8', counting],
    ['bool', 'bool', counting.map((i) => (i % 3 === 0 ? 1 : 0))],
    ['fortran', 'float64', counting],
    ['big-endian', 'float32', counting],
  ])('reads what NumPy wrote as %s', (name, dtype, values) => {
    const array = read(name)
    expect(array).toMatchObject({ dtype, shape: [2, 3, 4] })
    expect([...array.data]).toEqual(values)
  })

  test('reads a scalar and an empty array', () => {
    expect(read('scalar')).toEqual({ dtype: 'float64', shape: [], data: Float64Array.of(2.5) })
    expect(read('empty')).toEqual({ dtype: 'float32', shape: [0, 3], data: new Float32Array(0) })
  })

  test('reads the special values of half precision', () => {
    const bits = Uint8Array.of(0x00, 0x7c, 0x00, 0xfc, 0x01, 0x00, 0xff, 0x7b, 0x01, 0x7e)
    const header = "{'descr': '<f2', 'fortran_order': False, 'shape': (5,), }"
    const { data } = parseNpy(withHeader(header, bits), 'half')
    expect([...data]).toEqual([Infinity, -Infinity, 2 ** -24, 65504, NaN])
  })

  test('reads keys in any order, any white space and version 2', () => {
    const header = "{ 'shape' : (2 , ),'descr':'|u1','fortran_order':False}\n"
    expect(parseNpy(withHeader(header, Uint8Array.of(3, 4), 2), 'odd').data).toEqual(
      Uint8Array.of(3, 4),
    )
  })

  test.each([
    ["{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", /dtype must be one of .*'\|O'/],
    ["{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", /structured dtype/],
    ["{'descr': '|u1', 'fortran_order': 1, 'shape': (1,), }", /malformed/],
    ["{'descr': '|u1', 'fortran_order': False, 'shape': (-1,), }", /malformed/],
    ["{'descr': '|u1', 'fortran_order': False}", /shape must be a tuple/],
    ["{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", /descr twice/],
    ["{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", /out of range/],
    ["{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", /got 1/],
    ["{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", /bool must be 0 or 1, got 7/],
  ])('refuses the header %s', (header, problem) => {
    const parse = () => parseNpy(withHeader(header, Uint8Array.of(7)), 'bad.npy')
    expect(parse).toThrow(FormatError)
    expect(parse).toThrow(problem)
    expect(parse).toThrow(/^bad\.npy: /)
  })

  test('says how many bytes are missing or too many', () => {
    const bytes = fixtureBytes('codecs', 'float64.npy')
    expect(() => parseNpy(bytes.subarray(0, 200), 'cut.npy')).toThrow(
      'cut.npy: shape [2, 3, 4] needs 192 bytes of data, got 72 (at byte 128)',
    )
    expect(() => parseNpy(Uint8Array.from([...bytes, 0]), 'long.npy')).toThrow('got 193')
    expect(() => parseNpy(new Uint8Array(0), 'no.npy')).toThrow('no.npy: not an NPY array')
  })

  test('refuses integers that a number cannot hold', () => {
    const header = "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }"
    const bytes = withHeader(header, new Uint8Array(8).fill(0x7f))
    expect(() => parseNpy(bytes, 'big')).toThrow(/integer 9187201950435737471 is beyond ±2⁵³/)
  })
})

describe('encodeNpy', () => {
  test.each(['float32', 'float64', 'int64', 'uint8', 'bool', 'scalar', 'empty'])(
    'writes the bytes NumPy wrote for %s',
    (name) => {
      expect(encodeNpy(read(name))).toEqual(new Uint8Array(fixtureBytes('codecs', `${name}.npy`)))
    },
  )

  test('is undone by parseNpy', () => {
    fc.assert(
      fc.property(anyArray, (array) => {
        expect(parseNpy(encodeNpy(array), 'a')).toEqual(array)
      }),
    )
  })

  test('refuses data that have not the shape', () => {
    const array = { dtype: 'uint8', shape: [2], data: Uint8Array.of(1) } as const
    expect(() => encodeNpy(array)).toThrow('shape [2] does not hold 1 values')
  })
})
