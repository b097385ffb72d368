import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { InputError, MissingFileError, ShapeError } from '#base'
import { encodeNpz, encodeSafetensors, loadSamplesFile, type NamedArray } from '#learn/datasets'
import { fixturePath } from '../../../support/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'saddle-samples-'))
afterAll(() => rmSync(folder, { recursive: true }))
const classes = { task: 'classification' } as const
const numbers = { task: 'regression' } as const

const array = (shape: number[], values: number[]): NamedArray => ({
  dtype: 'float64',
  shape,
  data: Float64Array.from(values),
})
const save = (name: string, x: NamedArray, y: NamedArray): string => {
  const arrays = new Map([
    ['x', x],
    ['y', y],
  ])
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
    expect([samples.count, samples.featureCount, samples.outputCount]).toEqual([50, 64, 10])
    const regression = await loadSamplesFile(
      fixturePath('networks', 'linear-mse-data.npz'),
      numbers,
    )
    expect([regression.count, regression.featureCount, regression.outputCount]).toEqual([20, 5, 3])
    expect(regression.labels).toBeNull()
  })

  test.each(['a.npz', 'a.safetensors'])('reads %s, with x flattened to rows', async (name) => {
    const path = save(
      name,
      array([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
      array([2], [0, 2]),
    )
    const samples = await loadSamplesFile(path, classes)
    expect([samples.count, samples.featureCount, samples.outputCount]).toEqual([2, 6, 3])
    expect([...samples.targets]).toEqual([1, 0, 0, 0, 0, 1])
  })

  test.each(['a.csv', 'a.csv.gz'])('reads %s with the target last', async (name) => {
    const path = saveText(name, 'u,v,class\n1,2,0\n3,4,1\n5,6,1\n')
    const samples = await loadSamplesFile(path, classes)
    expect([...samples.features]).toEqual([1, 2, 3, 4, 5, 6])
    expect([...samples.labels!]).toEqual([0, 1, 1])
    const real = await loadSamplesFile(path, numbers)
    expect([...real.targets]).toEqual([0, 1, 1])
  })

  test('has two classes or more', async () => {
    const samples = await loadSamplesFile(save('one.npz', x22, array([2], [0, 0])), classes)
    expect(samples.outputCount).toBe(2)
  })

  test('has the number of classes asked for', async () => {
    const path = save('asked.npz', x22, array([2, 1], [0, 3]))
    expect((await loadSamplesFile(path, { ...classes, classCount: 6 })).outputCount).toBe(6)
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
})
