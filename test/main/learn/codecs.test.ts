import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InputError } from '#base'
import {
  formatNpy,
  formatNpz,
  formatSafetensors,
  parseCsv,
  parseIdx,
  parseNpy,
  parseNpz,
  parseSafetensors,
} from '#learn/datasets'
import { fixtureBytes } from '../../support/fixtures.ts'

const counting = Array.from({ length: 24 }, (_, i) => i)
const npy = (name: string) => parseNpy(fixtureBytes('codecs', `${name}.npy`), name)

describe('parseNpy', () => {
  test.each([
    ['float64', counting.map((i) => i / 7)],
    ['int64', counting.map((i) => i - 5)],
    ['uint8', counting],
    ['bool', counting.map((i) => (i % 3 === 0 ? 1 : 0))],
    ['fortran', counting],
    ['big-endian', counting],
  ])('reads what NumPy wrote as %s', (name, expected) => {
    const { shape, data } = npy(name)
    expect(shape).toEqual([2, 3, 4])
    expect([...data]).toEqual(expected)
  })

  test('reads float32, a scalar and an empty array', () => {
    expect([...npy('float32').data]).toEqual(counting.map((i) => Math.fround(Math.fround(i) / 7)))
    expect(npy('scalar')).toMatchObject({ shape: [], data: Float64Array.of(2.5) })
    expect(npy('empty')).toMatchObject({ shape: [0, 3], data: new Float32Array(0) })
  })

  test('names the file and what is wrong when it is cut off', () => {
    expect(() =>
      parseNpy(fixtureBytes('codecs', 'float64.npy').subarray(0, 200), 'cut.npy'),
    ).toThrow('cut.npy: truncated: wants 192 bytes of data, has 72')
    expect(() => parseNpy(Uint8Array.of(1, 2, 3), 'no.npy')).toThrow('no.npy: not a .npy file')
  })

  test('writes the bytes NumPy would write', () => {
    const { shape, data } = npy('float32')
    expect(formatNpy(shape, data)).toEqual(new Uint8Array(fixtureBytes('codecs', 'float32.npy')))
  })
})

describe('parseNpz', () => {
  test.each(['stored', 'compressed'])('reads a %s archive by NumPy', (name) => {
    const arrays = parseNpz(fixtureBytes('codecs', `${name}.npz`), name)
    expect([...arrays.keys()]).toEqual(['a', 'b'])
    expect([...arrays.get('b')!.data]).toEqual(counting.map((i) => i - 5))
  })

  test('reads back what formatNpz writes, and writes equal bytes twice', () => {
    const arrays = new Map([['w', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]])
    expect(formatNpz(arrays)).toEqual(formatNpz(arrays))
    expect(parseNpz(formatNpz(arrays), 'w').get('w')).toMatchObject({ shape: [2, 2] })
  })
})

describe('parseSafetensors', () => {
  test('reads what the reference library wrote', () => {
    const { arrays, metadata } = parseSafetensors(fixtureBytes('codecs', 'mixed.safetensors'), 'm')
    expect(metadata).toEqual({ made: 'by safetensors' })
    expect([...arrays.get('i64')!.data]).toEqual(counting.map((i) => i - 5))
    expect([...arrays.get('f64')!.data]).toEqual(counting.map((i) => i / 7))
    expect(arrays.get('f32')!.shape).toEqual([2, 3, 4])
  })

  test('names the tensor that a truncated file cuts', () => {
    const bytes = fixtureBytes('codecs', 'mixed.safetensors')
    expect(() => parseSafetensors(bytes.subarray(0, bytes.length - 5), 'w.safetensors')).toThrow(
      /^w.safetensors: truncated: tensor \w+ ends at byte \d+, the file at \d+$/,
    )
  })

  test('reads back what formatSafetensors writes', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 40 }), fc.string(), (data, text) => {
        const bytes = formatSafetensors(new Map([['x', { shape: [data.length], data }]]), { text })
        const back = parseSafetensors(bytes, 'x')
        expect(back.metadata['text']).toBe(text)
        expect(back.arrays.get('x')!.data).toEqual(data)
      }),
    )
  })
})

describe('parseIdx and parseCsv', () => {
  test('read small files in exactly the published formats', () => {
    const images = parseIdx(fixtureBytes('codecs', 'images.idx'), 'images')
    expect(images.shape).toEqual([2, 3, 3])
    expect(images.data[17]).toBe(17)
    const table = parseCsv(new TextEncoder().encode('a,b\n1,2\n3,4.5\n'), 't.csv')
    expect(table).toMatchObject({ shape: [2, 2], data: Float64Array.of(1, 2, 3, 4.5) })
  })

  test('name row and column of what is not a number', () => {
    expect(() => parseCsv(new TextEncoder().encode('a,b\n1,2\n3,x\n'), 't.csv')).toThrow(
      't.csv: row 3, column 2 is not a number: "x"',
    )
  })
})

describe('every reader', () => {
  const readers = { parseNpy, parseNpz, parseSafetensors, parseIdx, parseCsv }
  const seeds = ['float64.npy', 'compressed.npz', 'mixed.safetensors', 'images.idx'].map((file) =>
    fixtureBytes('codecs', file),
  )
  test.each(Object.entries(readers))(
    '%s gives a value or a typed error on damaged bytes',
    (_, read) => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array({ maxLength: 300 }),
            fc
              .tuple(
                fc.constantFrom(...seeds),
                fc.array(fc.tuple(fc.nat(400), fc.nat(255))),
                fc.nat(600),
              )
              .map(([bytes, flips, length]) => {
                const damaged = bytes.slice(0, length)
                for (const [at, value] of flips) if (at < damaged.length) damaged[at] = value
                return damaged
              }),
          ),
          (bytes) => {
            try {
              read(bytes, 'fuzz')
            } catch (error) {
              expect(error).toBeInstanceOf(InputError)
            }
          },
        ),
        { numRuns: 400, seed: 5 },
      )
    },
  )
})
