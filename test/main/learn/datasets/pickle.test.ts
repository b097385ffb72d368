import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FormatError } from '#base'
import { parsePickle } from '#learn/datasets'
import { fixtureBytes } from '../../../support/fixtures.ts'

const fixture = (name: string) => new Uint8Array(fixtureBytes('datasets', `${name}.pickle`))
const parse = (bytes: Uint8Array) => parsePickle(bytes, 'p') as ReadonlyMap<string, unknown>
const counting = Uint8Array.from({ length: 24 }, (_, i) => i)

describe('parsePickle', () => {
  test.each(['protocol-2', 'protocol-3', 'protocol-4', 'python-2'])('reads %s', (name) => {
    const entries = parse(fixture(name))
    // NumPy 2 refers to its own new module, as CIFAR's files do to the old one.
    expect(entries.get('data')).toMatchObject({ shape: [2, 3, 4], data: counting })
    expect(entries.get('columns')).toMatchObject({ shape: [2, 3, 4], data: counting })
    expect(entries.get('labels')).toEqual([1, -2, 300, 70000, 2 ** 40])
    expect(entries.get('tuple')).toEqual([1, [2, 3], [], [4, 5, 6, 7]])
    expect(entries.get('bytes')).toEqual(Uint8Array.of(0, 0xff))
    expect(entries.get('real')).toBe(0.5)
    expect(entries.get('yes')).toBe(true)
    expect(entries.get('x')).toBeNull()
    const text = entries.get('text')
    if (name === 'python-2') expect(text).toEqual(new TextEncoder().encode('plain'))
    else expect(text).toBe('häß')
  })

  test('refuses to name what it does not know', () => {
    expect(() => parsePickle(fixture('code'), 'code.pickle')).toThrow(
      'code.pickle: pickle: names _io.BytesIO, which is not read (at byte 15)',
    )
    const command = Buffer.from('\x80\x02cos\nsystem\nU\x04true\x85R.', 'latin1')
    expect(() => parse(command)).toThrow('names os.system, which is not read')
  })

  test('refuses arrays of other types', () => {
    expect(() => parse(fixture('floats'))).toThrow('must hold arrays of type u1, got f8')
  })

  test('refuses a pickle that makes more bytes than it has', () => {
    const encode = 'c_codecs\nencode\nq\x00X\xe8\x03\x00\x00'
    const args = 'X\x06\x00\x00\x00latin1\x86q\x01R'
    const text = `\x80\x02${encode}${'a'.repeat(1000)}${args}${'h\x00h\x01R'.repeat(200)}.`
    const bytes = Buffer.from(text, 'latin1')
    expect(() => parse(bytes)).toThrow('encodes more bytes than the file has')
  })

  test('answers damaged bytes with a value or a typed error', () => {
    const sources = ['protocol-2', 'protocol-4', 'python-2'].map(fixture)
    const attempt = (bytes: Uint8Array) => {
      try {
        parse(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
        expect((error as FormatError).offset).toBeLessThanOrEqual(bytes.length)
      }
    }
    for (const source of sources) {
      for (let length = 0; length < source.length; length += 1) attempt(source.subarray(0, length))
      for (let bit = 0; bit < 8 * source.length; bit += 1) {
        const damaged = source.slice()
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        attempt(damaged)
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), attempt), { numRuns: 2000 })
    const known = fc.constantFrom(...Buffer.from('NJKMUTCBX)]}hqcRbtaesu(.'))
    const codes = fc.array(fc.oneof(known, fc.nat(5), fc.constantFrom(0x85, 0x86, 0x94)))
    fc.assert(
      fc.property(codes, (list) => attempt(Uint8Array.from(list))),
      { numRuns: 5000 },
    )
  })
})
