import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { InputError, MissingFileError, ShapeError } from '#base'
import {
  encodeNpz,
  encodeSafetensors,
  loadSamplesFile,
  loadSamplesFileParts,
  type NamedArray,
} from '#learn/datasets'
import { outputsOf } from '#learn/tasks'
import { fixturePath } from '../../../support/fixtures.ts'
import { contentsOf } from '../../../support/sample-contents.ts'

const folder = mkdtempSync(join(tmpdir(), 'saddle-samples-'))
afterAll(() => rmSync(folder, { recursive: true }))
const classes = { task: 'classification' } as const
const numbers = { task: 'regression' } as const

const array = (shape: number[], values: number[]): NamedArray => ({
  dtype: 'float64',
  shape,
  data: Float64Array.from(values),
})
const save = (
  name: string,
  x: NamedArray,
  y: NamedArray,
  others: Readonly<Record<string, NamedArray>> = {},
): string => {
  const arrays = new Map(Object.entries({ x, y, ...others }))
  const path = join(folder, name)
  writeFileSync(path, name.endsWith('.npz') ? encodeNpz(arrays) : encodeSafetensors(arrays))
  return path
}
const saveText = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}
const x22 = array([2, 2], [1, 2, 3, 4])

describe('loadSamplesFile', () => {
  test('reads what NumPy wrote for PyTorch', async () => {
    const path = fixturePath('networks', 'tanh-ce-data.npz')
    const samples = await loadSamplesFile(path, { ...classes, classCount: 10 })
    expect(samples.count).toBe(50)
    expect(samples.features).toEqual({ kind: 'values', shape: [64] })
    expect(samples.targets).toEqual({ kind: 'classes', count: 10, perSample: 1 })
    const regression = await loadSamplesFile(
      fixturePath('networks', 'linear-mse-data.npz'),
      numbers,
    )
    expect(regression.count).toBe(20)
    expect(regression.features).toEqual({ kind: 'values', shape: [5] })
    expect(regression.targets).toEqual({ kind: 'values', count: 3 })
    expect(regression.labels).toBeNull()
  })

  test.each(['a.npz', 'a.safetensors'])('reads %s row by row', async (name) => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    const samples = await loadSamplesFile(
      save(name, array([2, 6], values), array([2], [0, 2])),
      classes,
    )
    const { features, targets, count, width, outputs } = await contentsOf(samples)
    expect([count, width, outputs]).toEqual([2, 6, 3])
    expect([...features]).toEqual(values)
    expect([...targets]).toEqual([0, 2])
  })

  test.each([
    [[12], [1]],
    [[2, 6], [6]],
    [
      [2, 2, 3],
      [1, 2, 3],
    ],
    [
      [1, 2, 2, 3],
      [2, 2, 3],
    ],
    [[2, 1, 2, 1, 3], [6]],
  ])('keeps the shape of images: x %j has samples %j', async (shape, expected) => {
    const [count] = shape
    const path = save('shape.npz', array(shape, Array<number>(12).fill(1)), {
      ...array([count!], Array<number>(count!).fill(0)),
    })
    const { features } = await loadSamplesFile(path, classes)
    expect(features).toEqual({ kind: 'values', shape: expected })
  })

  test('reads tokens, with one label a sample or one a token', async () => {
    const x: NamedArray = { dtype: 'uint8', shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 9, 0) }
    const tokens = { ...classes, tokens: true }
    const single = await loadSamplesFile(save('single.npz', x, array([2], [0, 1])), tokens)
    expect(single.features).toEqual({ kind: 'tokens', length: 3, vocabulary: 10 })
    expect(single.targets).toEqual({ kind: 'classes', count: 2, perSample: 1 })
    const path = save('each.npz', x, array([2, 3], [2, 3, 4, 0, 1, 7]))
    const each = await loadSamplesFile(path, { ...tokens, vocabulary: 20 })
    expect(each.features).toEqual({ kind: 'tokens', length: 3, vocabulary: 20 })
    expect(each.targets).toEqual({ kind: 'classes', count: 8, perSample: 3 })
    const { features, targets } = await contentsOf(each)
    expect(features).toEqual(Int32Array.of(1, 2, 3, 4, 9, 0))
    expect(targets).toEqual(Int32Array.of(2, 3, 4, 0, 1, 7))
    await expect(loadSamplesFile(path, { ...tokens, vocabulary: 9 })).rejects.toThrow(
      `token must be an integer in 0…8, got 9 in x at row 1, column 1 of ${path}`,
    )
    const odd = save('odd.npz', x, array([2, 2], [0, 1, 1, 0]))
    await expect(loadSamplesFile(odd, tokens)).rejects.toThrow('must have shape [2] or [2, 3]')
    const flat = save('flat.npz', array([6], [1, 2, 3, 4, 5, 6]), array([6], [0, 1, 0, 1, 0, 1]))
    await expect(loadSamplesFile(flat, tokens)).rejects.toThrow('[n, length], for tokens')
  })

  test('holds out x_valid and y_valid, with one number of classes for both', async () => {
    const others = { x_valid: array([1, 2], [5, 6]), y_valid: array([1], [4]) }
    const path = save('parts.safetensors', x22, array([2], [0, 1]), others)
    const { train, validation } = await loadSamplesFileParts(path, classes)
    expect([...(await contentsOf(validation!)).features]).toEqual([5, 6])
    expect([train, validation!].map(({ count }) => count)).toEqual([2, 1])
    expect([train, validation!].map(({ targets }) => outputsOf(targets))).toEqual([5, 5])
    const alone = await loadSamplesFileParts(save('alone.npz', x22, array([2], [0, 1])), classes)
    expect(alone.validation).toBeNull()
  })

  test('refuses held-out rows of another shape, or one array without the other', async () => {
    const y = array([2], [0, 1])
    const wide = { x_valid: array([1, 3], [5, 6, 7]), y_valid: array([1], [1]) }
    const path = save('wide.npz', x22, y, wide)
    await expect(loadSamplesFileParts(path, classes)).rejects.toThrow(
      `x_valid in ${path} must have shape [n, 2], got [1, 3]`,
    )
    const half = save('half.npz', x22, y, { x_valid: array([1, 2], [5, 6]) })
    await expect(loadSamplesFileParts(half, classes)).rejects.toThrow('has no array y_valid')
    const bad = { x_valid: array([1, 2], [5, NaN]), y_valid: array([1], [1]) }
    await expect(loadSamplesFileParts(save('bad.npz', x22, y, bad), classes)).rejects.toThrow(
      'NaN in x_valid at row 0, column 1',
    )
  })

  test.each(['a.csv', 'a.csv.gz'])('reads %s with the target last', async (name) => {
    const path = saveText(name, 'u,v,class\n1,2,0\n3,4,1\n5,6,1\n')
    const samples = await loadSamplesFile(path, classes)
    expect([...(await contentsOf(samples)).features]).toEqual([1, 2, 3, 4, 5, 6])
    expect([...samples.labels!]).toEqual([0, 1, 1])
    const real = await loadSamplesFile(path, numbers)
    expect([...(await contentsOf(real)).targets]).toEqual([0, 1, 1])
  })

  test('has two classes or more', async () => {
    const samples = await loadSamplesFile(save('one.npz', x22, array([2], [0, 0])), classes)
    expect(outputsOf(samples.targets)).toBe(2)
  })

  test('has the number of classes asked for', async () => {
    const path = save('asked.npz', x22, array([2, 1], [0, 3]))
    const { targets } = await loadSamplesFile(path, { ...classes, classCount: 6 })
    expect(outputsOf(targets)).toBe(6)
    await expect(loadSamplesFile(path, { ...classes, classCount: 3 })).rejects.toThrow(
      `label must be an integer in 0…2, got 3 in y at row 1 of ${path}`,
    )
  })

  test.each([0.5, -1, 1e12, NaN])('refuses the label %d, naming its row', async (label) => {
    const path = save('label.npz', x22, array([2], [0, label]))
    const loading = loadSamplesFile(path, classes)
    await expect(loading).rejects.toThrow(InputError)
    await expect(loading).rejects.toThrow(`got ${label} in y at row 1 of ${path}`)
  })

  test('names array, row and column of what is not finite', async () => {
    const bad = save('nan.npz', array([2, 2], [1, 2, 3, NaN]), array([2], [0, 1]))
    await expect(loadSamplesFile(bad, classes)).rejects.toThrow(
      `NaN in x at row 1, column 1 of ${bad}`,
    )
    const infinite = save('inf.npz', x22, array([2, 2], [1, -Infinity, 0, 0]))
    await expect(loadSamplesFile(infinite, numbers)).rejects.toThrow('−∞ in y at row 0, column 1')
    const large = save('large.npz', array([2, 2], [1, 2, 1e300, 4]), array([2], [0, 1]))
    await expect(loadSamplesFile(large, numbers)).rejects.toThrow(
      `1e+300 in x at row 1, column 0 of ${large} is beyond float32`,
    )
  })

  test('names both arrays when their shapes do not fit', async () => {
    const short = save('short.npz', x22, array([3], [0, 1, 1]))
    const loading = loadSamplesFile(short, classes)
    await expect(loading).rejects.toThrow(ShapeError)
    await expect(loading).rejects.toThrow(
      `y in ${short}, by x [2, 2], must have shape [2], got [3]`,
    )
    await expect(loadSamplesFile(short, numbers)).rejects.toThrow('must have shape [2] or [2, c]')
    const oneHot = save('one-hot.npz', x22, array([2, 2], [0, 1, 1, 0]))
    await expect(loadSamplesFile(oneHot, classes)).rejects.toThrow(
      'must have shape [2], got [2, 2]',
    )
  })

  test('refuses x without rows or columns', async () => {
    for (const [shape, yShape] of [
      [[0, 3], [0]],
      [[2, 0], [2]],
    ] as [number[], number[]][]) {
      const path = save('none.npz', array(shape, []), array(yShape, yShape[0] === 0 ? [] : [0, 1]))
      await expect(loadSamplesFile(path, classes)).rejects.toThrow(ShapeError)
    }
    await expect(loadSamplesFile(saveText('thin.csv', '1\n2\n'), numbers)).rejects.toThrow(
      ShapeError,
    )
  })

  test('names the arrays there are when x or y is missing', async () => {
    const path = fixturePath('networks', 'tanh-mse-no-bias.npz')
    await expect(loadSamplesFile(path, numbers)).rejects.toThrow(
      `${path}: has no array x; it holds layers.0.weight, layers.1.weight`,
    )
  })

  test('refuses files that are missing or of another ending', async () => {
    await expect(loadSamplesFile(join(folder, 'absent.npz'), classes)).rejects.toThrow(
      MissingFileError,
    )
    await expect(loadSamplesFile('data.parquet', classes)).rejects.toThrow(
      'data.parquet must end in .npz, .safetensors, .csv or .csv.gz',
    )
  })

  test('answers any arrays, whole or damaged, with samples in range or a typed error', async () => {
    const shape = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 })
    const value = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double())
    const named = shape.chain((extents) => {
      const size = extents.reduce((a, b) => a * b, 1)
      return fc
        .array(value, { minLength: size, maxLength: size })
        .map((values) => array(extents, values))
    })
    const arrays = fc.dictionary(fc.constantFrom('x', 'y', 'x_valid', 'y_valid'), named)
    const options = fc.record({
      task: fc.constantFrom('classification' as const, 'regression' as const),
      tokens: fc.boolean(),
    })
    const damage = fc.option(fc.record({ at: fc.nat(), value: fc.nat(255) }), { freq: 2 })
    const path = join(folder, 'any.safetensors')
    await fc.assert(
      fc.asyncProperty(arrays, options, damage, async (content, how, edit) => {
        const bytes = encodeSafetensors(new Map(Object.entries(content)))
        if (edit !== null) bytes[edit.at % bytes.length] = edit.value
        writeFileSync(path, bytes)
        try {
          const { train } = await loadSamplesFileParts(path, how)
          const { features, labels, outputs } = await contentsOf(train)
          expect(features.every((entry) => Number.isFinite(entry))).toBe(true)
          expect((labels ?? []).every((label) => label >= 0 && label < outputs)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
        }
      }),
      { numRuns: 400 },
    )
  })
})
