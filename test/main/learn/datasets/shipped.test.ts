import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createStream, MissingFileError } from '#base'
import { classCounts, loadDigits, loadMnist, loadText, type Samples } from '#learn/datasets'

const data = join(import.meta.dirname, '../../../../resources/data')
const digest = (array: Float32Array | Int32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex')
    .slice(0, 16)

/** Every row's target is 1 at its label and 0 elsewhere. */
function expectOneHot({ count, outputCount, targets, labels }: Samples): void {
  expect(targets.length).toBe(count * outputCount)
  expect(targets.reduce((a, b) => a + b)).toBe(count)
  expect(labels!.every((label, row) => targets[row * outputCount + label] === 1)).toBe(true)
}

// Digests of the same arrays made by NumPy from the same files.
describe('loadDigits', () => {
  test('gives the 1,797 digits with pixels in [0, 1]', async () => {
    const digits = await loadDigits(`${data}/digits-8x8`)
    expect([digits.count, digits.featureCount, digits.outputCount]).toEqual([1797, 64, 10])
    expect(digest(digits.features)).toBe('9f578524b6cec1fc')
    expect(digest(digits.labels!)).toBe('3a0e68456f9a3c60')
    expect(classCounts(digits)).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    expectOneHot(digits)
  })

  test('says which file is missing', async () => {
    await expect(loadDigits('/nowhere')).rejects.toThrow(MissingFileError)
  })
})

describe('loadMnist', () => {
  test('gives the 10,000 digits with pixels in [0, 1]', async () => {
    const mnist = await loadMnist(`${data}/mnist-10k`, 10_000)
    expect([mnist.count, mnist.featureCount, mnist.outputCount]).toEqual([10_000, 784, 10])
    expect(digest(mnist.features)).toBe('1aba0e8edfb99434')
    expect(digest(mnist.labels!)).toBe('f352a8a476c8827d')
    expect(classCounts(mnist)).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978])
    expectOneHot(mnist)
  })

  test('gives the first ones if fewer are wanted, and refuses more than there are', async () => {
    const mnist = await loadMnist(`${data}/mnist-10k`, 100)
    expect(digest(mnist.features)).toBe('58eba01917c5bdd8')
    await expect(loadMnist(`${data}/mnist-10k`, 10_001)).rejects.toThrow(
      'samples must be in 1…10000, got 10001',
    )
  })
})

describe('loadText', () => {
  const folder = `${data}/kjv-text`
  const vocabulary = "\n !'(),-.:;?ABCDEFGHIJKLMNOPRSTUVWYZabcdefghijklmnopqrstuvwxyz"
  const load = (samples: number, seed = 1, part?: 'train' | 'validation') =>
    loadText(folder, {
      context: 12,
      samples,
      stream: createStream(seed, 'text'),
      ...(part === undefined ? {} : { part }),
    })
  const classesOf = ({ features, featureCount }: Samples, row: number) =>
    Array.from({ length: 12 }, (_, i) => {
      const start = row * featureCount + 62 * i
      const bits = features.subarray(start, start + 62)
      expect(bits.reduce((a, b) => a + b)).toBe(1)
      return bits.indexOf(1)
    })

  test('gives windows of the text, one-hot, and the byte that follows', async () => {
    const samples = await load(2000)
    expect([samples.count, samples.featureCount, samples.outputCount]).toEqual([2000, 744, 62])
    expectOneHot(samples)
    const windows = Array.from({ length: samples.count }, (_, row) =>
      [...classesOf(samples, row), samples.labels![row]!].map((k) => vocabulary[k]).join(''),
    )
    // Most long windows of English occur once, so hardly any is drawn twice.
    expect(new Set(windows).size).toBeGreaterThan(1950)
    const spaces = windows.filter((window) => window.endsWith(' ')).length / 2000
    expect(spaces).toBeGreaterThan(0.15)
    expect(spaces).toBeLessThan(0.22)
    expect(windows.filter((window) => window.includes(' the ')).length).toBeGreaterThan(100)
  })

  test('is equal for equal seeds, differs for others and between the parts', async () => {
    const first = digest((await load(50)).features)
    expect(digest((await load(50)).features)).toBe(first)
    expect(digest((await load(50, 2)).features)).not.toBe(first)
    const heldOut = await load(50, 1, 'validation')
    expect(heldOut.outputCount).toBe(62)
    expect(digest(heldOut.features)).not.toBe(first)
  })

  test('refuses more windows than the part has', async () => {
    await expect(load(162_561, 1, 'validation')).rejects.toThrow(
      'samples must be in 1…162560 of the validation text, got 162561',
    )
  })

  test('refuses what would not fit in memory', async () => {
    const options = { context: 64, samples: 500_000, stream: createStream(1) }
    await expect(loadText(folder, options)).rejects.toThrow(
      'samples must be at most 135300 with 3968 numbers each, got 500000',
    )
  })
})
