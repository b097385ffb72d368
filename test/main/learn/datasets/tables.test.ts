import { describe, expect, test } from 'vitest'
import { FormatError } from '#base'
import { parseCsv, parseIdx } from '#learn/datasets'
import { fixtureBytes } from '../../../support/fixtures.ts'

const csv = (text: string) => parseCsv(new TextEncoder().encode(text), 't.csv')

describe('parseIdx', () => {
  test('reads images and labels in exactly the published format', () => {
    const images = parseIdx(fixtureBytes('codecs', 'images.idx'), 'images')
    expect(images).toMatchObject({ dtype: 'uint8', shape: [2, 3, 3] })
    expect(images.data[17]).toBe(17)
    expect([...parseIdx(fixtureBytes('codecs', 'labels.idx'), 'labels').data]).toEqual([1, 0])
  })

  test('reads big-endian numbers', () => {
    const bytes = Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 1, 0x40, 0x20, 0, 0)
    expect(parseIdx(bytes, 'f')).toEqual({
      dtype: 'float32',
      shape: [1],
      data: Float32Array.of(2.5),
    })
  })

  test.each([
    ['an unknown type', [0, 0, 7, 1, 0, 0, 0, 0], /wrong first bytes/],
    ['no axis', [0, 0, 8, 0], /wrong first bytes/],
    ['a cut header', [0, 0, 8, 2, 0, 0, 0, 1], /truncated IDX header/],
    ['missing data', [0, 0, 8, 1, 0, 0, 0, 2, 9], /shape \[2\] needs 2 bytes of data, got 1/],
    ['huge claims', [0, 0, 8, 1, 255, 255, 255, 255, 9], /needs 4294967295 bytes/],
  ])('refuses %s', (_, bytes, problem) => {
    expect(() => parseIdx(Uint8Array.from(bytes), 'i')).toThrow(problem)
    expect(() => parseIdx(Uint8Array.from(bytes), 'i')).toThrow(FormatError)
  })
})

describe('parseCsv', () => {
  test('reads numbers with and without a header', () => {
    const values = Float64Array.of(1, -2.5, 3e2, 0.4)
    const table = { rowCount: 2, columnCount: 2, values }
    expect(csv('1,-2.5\n3e2,.4\n')).toEqual({ ...table, header: null })
    expect(csv('\uFEFFa, "b, c"\r\n1,-2.5\r\n\r\n3e2,.4')).toEqual({
      ...table,
      header: ['a', 'b, c'],
    })
  })

  test('takes pandas’ column numbers for a header, but not a slip in the first row', () => {
    expect(csv('0,1,target\n5,6,7').header).toEqual(['0', '1', 'target'])
    expect(() => csv('5.1,x,7\n5,6,7')).toThrow('t.csv: not a number at line 1, column 2: "x"')
  })

  test('grows to many rows', () => {
    const { rowCount, values } = csv(Array.from({ length: 5000 }, (_, i) => `${i},1`).join('\n'))
    expect(rowCount).toBe(5000)
    expect(values[9998]).toBe(4999)
  })

  test.each([
    ['a word', 'a,b\n1,2\n3,x\n', 't.csv: not a number at line 3, column 2 (b): "x"'],
    ['a hexadecimal', '1,2\n3,0x1f\n', 'not a number at line 2, column 2: "0x1f"'],
    ['an empty cell', '1,2\n3,\n', 'value missing at line 2, column 2'],
    ['NaN', '1,2\n\n3,nan\n', 'nan at line 3, column 2 of t.csv'],
    ['overflow', '1,2\n3,1e999\n', '1e999 is beyond double precision at line 2, column 2'],
    ['a short row', '1,2\n3\n', 't.csv: not CSV: Invalid Record Length'],
    ['an open quote', '1,"2\n', 't.csv: not CSV: Quote Not Closed'],
    ['only a header', 'a,b\n', 't.csv: holds no row of numbers'],
    ['nothing', '', 't.csv: holds no row of numbers'],
  ])('refuses %s, saying where', (_, text, message) => {
    expect(() => csv(text)).toThrow(message)
  })
})
