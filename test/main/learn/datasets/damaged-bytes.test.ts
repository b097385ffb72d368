import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InputError } from '#base'
import { parseCsv, parseIdx, parseNpy, parseNpz, parseSafetensors } from '#learn/datasets'
import { fixtureBytes } from '../../../support/fixtures.ts'

const codec = (file: string) => new Uint8Array(fixtureBytes('codecs', file))
const csv = new TextEncoder().encode('a,b,"c"\n1,2.5,3\n4,5e1,6\n')

const readers = {
  parseNpy: { parse: parseNpy, sources: ['float64', 'fortran', 'bool', 'empty'].map(npy) },
  parseNpz: { parse: parseNpz, sources: [codec('stored.npz'), codec('compressed.npz')] },
  parseSafetensors: {
    parse: parseSafetensors,
    sources: [codec('mixed.safetensors'), codec('narrow.safetensors')],
  },
  parseIdx: { parse: parseIdx, sources: [codec('images.idx'), codec('labels.idx')] },
  parseCsv: { parse: parseCsv, sources: [csv] },
}

function npy(name: string): Uint8Array {
  return codec(`${name}.npy`)
}

/** A value or an error that names the file; anything else is a bug. */
function attempt(parse: (bytes: Uint8Array, file: string) => unknown, bytes: Uint8Array): void {
  try {
    parse(bytes, 'damaged-file')
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    expect((error as InputError).message).toContain('damaged-file')
  }
}

describe.each(Object.entries(readers))('%s', (_, { parse, sources }) => {
  test('answers random bytes with a value or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => attempt(parse, bytes)),
      {
        numRuns: 500,
      },
    )
  })

  test('answers every truncation with a typed error or a value', () => {
    for (const source of sources) {
      for (let length = 0; length < source.length; length += 1) {
        attempt(parse, source.subarray(0, length))
      }
    }
  })

  test('answers flipped bits, overwritten and doubled bytes with a typed error or a value', () => {
    const edit = fc.record({
      at: fc.nat(),
      how: fc.constantFrom('flip', 'set', 'double'),
      value: fc.nat(255),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        (source, edits) => {
          let bytes = [...source]
          for (const { at, how, value } of edits) {
            const i = at % bytes.length
            if (how === 'flip') bytes[i]! ^= 1 << (value % 8)
            if (how === 'set') bytes[i] = value
            if (how === 'double') bytes = [...bytes.slice(0, i), ...bytes.slice(i >> 1)]
          }
          attempt(parse, Uint8Array.from(bytes))
        },
      ),
      { numRuns: 600 },
    )
  })
})
