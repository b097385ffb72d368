import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { experimentSchema, type ExperimentInput, type ExperimentSpec } from '#shared/schemas'
import { fixturePath } from '../../../support/fixtures.ts'
import { collectRun, workplace } from './support.ts'

const folder = join(workplace.resources, 'templates')
const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
const templateOf = (name: string): ExperimentInput =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as ExperimentInput

/** Data sets of the kinds that a person brings along. */
const scratch = mkdtempSync(join(tmpdir(), 'saddle-templates-'))
beforeAll(() => {
  for (const part of ['train', 'val']) {
    for (const [label, image] of [
      ['cat', 'wide.jpg'],
      ['dog', 'tall.png'],
    ] as const) {
      const target = join(scratch, 'images', part, label)
      mkdirSync(target, { recursive: true })
      for (const copy of [0, 1, 2, 3]) {
        copyFileSync(fixturePath('datasets', 'images', image), join(target, `${copy}-${image}`))
      }
    }
  }
  mkdirSync(join(scratch, 'idx'))
  const shipped = join(workplace.resources, 'data', 'mnist-10k')
  for (const part of ['train', 't10k']) {
    copyFileSync(
      join(shipped, 'images-idx3-ubyte.gz'),
      join(scratch, 'idx', `${part}-images-idx3-ubyte.gz`),
    )
    copyFileSync(
      join(shipped, 'labels-idx1-ubyte.gz'),
      join(scratch, 'idx', `${part}-labels-idx1-ubyte.gz`),
    )
  }
  mkdirSync(join(scratch, 'shards'))
  for (const shard of ['shard-train-000.tar', 'shard-val-000.tar']) {
    copyFileSync(fixturePath('datasets', shard), join(scratch, 'shards', shard))
  }
  mkdirSync(join(scratch, 'text'))
  for (const part of ['corpus.train.txt', 'corpus.valid.txt']) {
    copyFileSync(fixturePath('text', part), join(scratch, 'text', part))
  }
})
afterAll(() => rmSync(scratch, { recursive: true }))

/** The data of a template, small and at hand. */
function smallData(data: ExperimentSpec['data']): ExperimentSpec['data'] {
  switch (data.kind) {
    case 'cifar':
      return { ...data, path: fixturePath('datasets', 'cifar-10-binary.tar.gz') }
    case 'idx':
      return { ...data, path: join(scratch, 'idx') }
    case 'image-folder':
      return { ...data, path: join(scratch, 'images'), size: 32 }
    case 'webdataset':
      return { ...data, path: join(scratch, 'shards'), size: 64 }
    case 'image-parquet':
      return { ...data, path: fixturePath('datasets', 'images.parquet') }
    case 'text':
      return data.path === undefined
        ? { ...data, samples: 100 }
        : { ...data, path: join(scratch, 'text'), context: 8 }
    case 'file':
      return { ...data, path: fixturePath('networks', 'gelu-ce-data.npz') }
    case 'mnist':
      return { ...data, samples: 100 }
    default:
      return data
  }
}

/** The network of a template with all its parts, and few of each. */
function smallModel(model: ExperimentSpec['model']): ExperimentSpec['model'] {
  switch (model.kind) {
    case 'mlp':
      return { ...model, hidden: model.hidden.map(() => 8) }
    case 'cnn':
      return { ...model, channels: model.channels.map(() => 4), groups: 2, hidden: [] }
    case 'resnet':
      return { ...model, widthMultiplier: model.variant === 'cifar' ? 0.25 : 0.0625, groups: 2 }
    case 'transformer':
      return { ...model, width: 16, heads: 2, layers: 2 }
  }
}

const optimizers = ['sgd', 'momentum', 'adam', 'adamw', 'rmsprop', 'lbfgs', 'kfac'] as const
/** Small, so that no step of an untuned optimizer leaves the numbers. */
const rates = { sgd: 0.01, momentum: 0.01, lbfgs: 0.5, kfac: 0.5 } as Readonly<
  Record<string, number>
>

test('every template is a whole spec by itself', () => {
  expect(names.length).toBeGreaterThanOrEqual(24)
  for (const name of names)
    expect(experimentSchema.parse(templateOf(name)).name).not.toBe('Untitled')
})

describe.each(names)('%s', (name) => {
  const spec = experimentSchema.parse(templateOf(name))
  test.each(optimizers)('trains a few steps by %s', async (kind) => {
    const { outcome, rows, end } = await collectRun({
      ...spec,
      model: smallModel(spec.model),
      data: smallData(spec.data),
      train: {
        ...spec.train,
        optimizer: { kind, learningRate: rates[kind] ?? 0.001 },
        schedule: { kind: 'constant' },
        batchSize: Math.min(spec.train.batchSize, 8),
        epochs: 100,
        stop: { maxSteps: 3 },
        evaluateEverySteps: 1,
        evaluationSamples: 8,
      },
      measure: [],
    })
    expect(outcome).toBe('finished')
    expect(end).toEqual({ step: 3, reason: 'steps' })
    expect(rows.map(({ step }) => step)).toEqual([1, 2, 3])
    for (const row of rows) {
      expect(row.trainLoss).toBeGreaterThan(0)
      expect(row.gradientNorm).toBeGreaterThan(0)
    }
    expect(rows[2]!.distance).toBeGreaterThan(0)
  })
})
