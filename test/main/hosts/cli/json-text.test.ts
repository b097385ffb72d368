import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonText } from '../../../../src-main/hosts/cli/json-text.ts'

describe('parseJsonText', () => {
  it.each([
    ['', 'line 1, column 1 ends too early where a value must be'],
    ['{', 'line 1, column 2 ends too early where a key in double quotes or } must be'],
    ['{"a" 1}', 'line 1, column 6 has "1}" where a colon must be'],
    ['{"a":1\n "b":2}', 'line 2, column 2 has "\\"b\\":2}" where a comma or } must be'],
    ['{"a":1,}', 'line 1, column 8 has "}" where a key in double quotes must be'],
    ['[1,]', 'line 1, column 4 has "]" where a value must be'],
    ['[1 2]', 'line 1, column 4 has "2]" where a comma or ] must be'],
    ["{'a':1}", `line 1, column 2 has "'a':1}" where a key in double quotes or } must be`],
    ['{"a":tru}', 'line 1, column 6 has "tru}" where a value must be'],
    ['{"a":01}', 'line 1, column 6 has "01}" where a value must be'],
    ['{"a":NaN}', 'line 1, column 6 has "NaN}" where a value must be'],
    ['{} x', 'line 1, column 4 has "x" where the end must be'],
    ['"a\nb"', 'line 1, column 1 has "\\"a" where a value must be'],
  ])('%j: %s', (text, expected) => {
    expect(() => parseJsonText(text, 'spec.json')).toThrow(
      `spec.json is not valid JSON: ${expected}`,
    )
  })

  it('takes a byte order mark', () => {
    expect(parseJsonText('\uFEFF{"a":1}', 'x')).toEqual({ a: 1 })
  })

  it('agrees with JSON.parse on what is JSON, and never hangs or throws another error', () => {
    const letter = fc.constantFrom(...Array.from('{}[]",:0123456789.eE+-truefalsnu \n\\\u0001'))
    const nearly = fc
      .json()
      .chain((text) =>
        fc
          .tuple(fc.nat(text.length), letter)
          .map(([at, c]) => text.slice(0, at) + c + text.slice(at + 1)),
      )
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string({ unit: letter })), (text) => {
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {
          expect(() => parseJsonText(text, 'x')).toThrow(
            /^x is not valid JSON: line \d+, column \d+ /,
          )
          return
        }
        expect(parseJsonText(text, 'x')).toEqual(expected)
      }),
      { numRuns: 500, seed: 1 },
    )
  })

  it('depth is no danger', () => {
    expect(() => parseJsonText('['.repeat(100_000), 'x')).toThrow('column 100001')
  })
})
