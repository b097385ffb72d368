import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { InputError, MissingFileError } from '#base'
import { readAll } from '#learn/datasets'
import { dataCardSchema, dataSchema } from '#shared/schemas'
import { loadData } from '../../../../src-main/lab/experiments/data.ts'

const resources = join(import.meta.dirname, '../../../../resources')
const folder = mkdtempSync(join(tmpdir(), 'saddle-experiment-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'table.csv')
writeFileSync(file, Array.from({ length: 40 }, (_, i) => `${i},5,${i % 3}`).join('\n'))

type Input = Parameters<typeof dataSchema.parse>[0]
const load = (spec: Input, seed = 1, loss: 'cross-entropy' | 'squared-error' = 'squared-error') =>
  loadData(dataSchema.parse(spec), seed, loss, resources)

const specs = [
  { kind: 'digits' },
  { kind: 'mnist', samples: 50 },
  { kind: 'text', samples: 50 },
  { kind: 'gaussian-mixture', samples: 50 },
  { kind: 'teacher-student', samples: 50 },
  { kind: 'file', path: file },
]

describe('loadData', () => {
  test.each(specs)('loads $kind with a card that fits the contract', async (spec) => {
    const { train, validation, card } = await load(spec)
    expect(dataCardSchema.parse(card)).toEqual(card)
    expect(card.kind).toBe(spec.kind)
    expect([card.trainCount, card.validationCount]).toEqual([train.count, validation!.count])
    const total = train.count + validation!.count
    expect(validation!.count).toBe(Math.round(0.2 * total))
    expect(validation!.targets).toEqual(train.targets)
    expect(validation!.features).toEqual(train.features)
  })

  test.each(specs)(
    'gives equal bytes for equal seeds of $kind, others for others',
    async (spec) => {
      const contents = async (seed: number) => {
        const { train, validation, card } = await load(spec, seed)
        return { card, train: await readAll(train), validation: await readAll(validation!) }
      }
      const first = await contents(1)
      expect(await contents(1)).toEqual(first)
      expect((await contents(2)).train.features).not.toEqual(first.train.features)
    },
  )

  test('gives classes as labels for squared error too', async () => {
    const { train } = await load({ kind: 'digits' })
    expect(train.targets).toEqual({ kind: 'classes', count: 10, perSample: 1 })
    const { targets } = await readAll(train)
    expect(targets).toBeInstanceOf(Int32Array)
    expect(targets).toEqual(train.labels)
    expect(targets.length).toBe(train.count)
  })

  test('holds nothing out at fraction 0', async () => {
    const { validation, card } = await load({ kind: 'digits', validationFraction: 0 })
    expect(validation).toBeNull()
    expect(card).toMatchObject({ trainCount: 1797, validationCount: 0 })
  })

  test('standardizes a file by its training rows unless told not to', async () => {
    const { card } = await load({ kind: 'file', path: file })
    expect(card.featureMean).toBeCloseTo(0, 6)
    // One feature of variance 1, one constant: variance 1/2 over all entries.
    expect(card.featureDeviation).toBeCloseTo(Math.SQRT1_2, 6)
    const raw = await load({ kind: 'file', path: file, standardize: false })
    expect((await readAll(raw.train)).features[1]).toBe(5)
  })

  test('names the key when the split leaves nothing to train on', async () => {
    const spec = { kind: 'gaussian-mixture', samples: 2, validationFraction: 0.9 }
    const loading = load(spec)
    await expect(loading).rejects.toThrow(InputError)
    await expect(loading).rejects.toThrow('data.validationFraction must be in [0, 0.75)')
    const text = load({ kind: 'text', samples: 2, validationFraction: 0.9 })
    await expect(text).rejects.toThrow('data.validationFraction must be in [0, 0.75)')
  })

  test('names the key when cross-entropy is asked of regression', async () => {
    await expect(load({ kind: 'teacher-student', samples: 9 }, 1, 'cross-entropy')).rejects.toThrow(
      'train.loss must be squared-error for regression data (teacher-student), got cross-entropy',
    )
  })

  test('names the key when there are not so many samples', async () => {
    const spec = { kind: 'text', samples: 400_000, validationFraction: 0.9 }
    await expect(load(spec)).rejects.toThrow(
      /^data\.samples must be in 1…\d+ of the validation text/,
    )
  })

  test('says which file is missing', async () => {
    await expect(load({ kind: 'file', path: join(folder, 'none.csv') })).rejects.toThrow(
      MissingFileError,
    )
  })
})
