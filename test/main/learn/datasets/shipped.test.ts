import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MissingFileError } from '#base'
import {
  classCounts,
  loadDigits,
  loadMnist,
  readAll,
  type Samples,
  type TargetBuffer,
} from '#learn/datasets'

const data = join(import.meta.dirname, '../../../../resources/data')
const digest = (array: TargetBuffer): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex')
    .slice(0, 16)

const featuresOf = async (samples: Samples) => (await readAll(samples)).features

/** Every row's target is its label, one of the classes. */
async function expectLabels(samples: Samples): Promise<void> {
  const { count, targets, labels } = samples
  expect(labels!.length).toBe(count)
  expect((await readAll(samples)).targets).toEqual(labels)
  expect(labels!.every((label) => label >= 0 && label < targets.count)).toBe(true)
}

// Digests of the same arrays made by NumPy from the same files.
describe('loadDigits', () => {
  test('gives the 1,797 digits with pixels in [0, 1]', async () => {
    const digits = await loadDigits(`${data}/digits-8x8`)
    expect(digits.count).toBe(1797)
    expect(digits.features).toEqual({ kind: 'values', shape: [1, 8, 8] })
    expect(digits.targets).toEqual({ kind: 'classes', count: 10, perSample: 1 })
    expect(digest(await featuresOf(digits))).toBe('9f578524b6cec1fc')
    expect(digest(digits.labels!)).toBe('3a0e68456f9a3c60')
    expect(classCounts(digits)).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    await expectLabels(digits)
  })

  test('says which file is missing', async () => {
    await expect(loadDigits('/nowhere')).rejects.toThrow(MissingFileError)
  })
})

describe('loadMnist', () => {
  test('gives the 10,000 digits with pixels in [0, 1]', async () => {
    const mnist = await loadMnist(`${data}/mnist-10k`, 10_000)
    expect(mnist.count).toBe(10_000)
    expect(mnist.features).toEqual({ kind: 'values', shape: [1, 28, 28] })
    expect(mnist.targets).toEqual({ kind: 'classes', count: 10, perSample: 1 })
    expect(digest(await featuresOf(mnist))).toBe('1aba0e8edfb99434')
    expect(digest(mnist.labels!)).toBe('f352a8a476c8827d')
    expect(classCounts(mnist)).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978])
    await expectLabels(mnist)
  })

  test('gives the first ones if fewer are wanted, and refuses more than there are', async () => {
    const mnist = await loadMnist(`${data}/mnist-10k`, 100)
    expect(digest(await featuresOf(mnist))).toBe('58eba01917c5bdd8')
    await expect(loadMnist(`${data}/mnist-10k`, 10_001)).rejects.toThrow(
      'samples must be in 1…10000, got 10001',
    )
  })
})
