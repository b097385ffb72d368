import { describe, expect, test } from 'vitest'
import { InputError } from '#base'
import { buildModel, lossProgram, type Architecture } from '#learn/models'
import type { Task } from '#learn/tasks'
import { cnnOf, imageTask, mlpOf, resnetOf, tokenTask, transformerOf } from './architectures.ts'

const vectors: Task = {
  features: { kind: 'values', shape: [64] },
  targets: { kind: 'classes', count: 3, perSample: 1 },
}
const image = imageTask(3, 8, 4)
const text = tokenTask(6, 5)

const misfits: [string, Architecture, Task, string][] = [
  [
    'model.kind',
    cnnOf({}),
    vectors,
    'model.kind cnn wants images [channels, height, width], got values [64]; mlp takes any features',
  ],
  [
    'model.kind',
    resnetOf({}),
    text,
    'model.kind resnet wants images [channels, height, width], got 6 tokens; mlp takes any features',
  ],
  [
    'model.kind',
    transformerOf({}),
    vectors,
    'model.kind transformer wants tokens, or images [channels, height, width] with 1 answer, got values [64] with 1; mlp takes any features',
  ],
  [
    'model.kind',
    transformerOf({}),
    tokenTask(6, 5, 2),
    'model.kind transformer wants 1 answer a sample or 1 a token (6), got 2',
  ],
  [
    'model.heads',
    transformerOf({ width: 64, heads: 3 }),
    text,
    'model.heads must divide model.width 64, got 3',
  ],
  [
    'model.heads',
    transformerOf({ width: 12, heads: 4, positions: 'rotary' }),
    text,
    'model.heads must leave an even width a head with rotary positions, got 12 / 4',
  ],
  [
    'model.patch',
    transformerOf({ patch: 3 }),
    image,
    'model.patch must divide images of 8×8, got 3',
  ],
  [
    'model.mlpRatio',
    transformerOf({ mlpRatio: 1e-9 }),
    text,
    'model.mlpRatio must be in 1/width…64, got 1e-9',
  ],
  [
    'model.tiedEmbeddings',
    transformerOf({}),
    {
      features: { kind: 'tokens', length: 6, vocabulary: 5 },
      targets: { kind: 'classes', count: 4, perSample: 6 },
    },
    'model.tiedEmbeddings wants as many classes as tokens, 5, got 4',
  ],
  ['model.kernel', cnnOf({ kernel: 4 }), image, 'model.kernel must be odd, got 4'],
  [
    'model.channels',
    cnnOf({ channels: [], strides: [] }),
    image,
    'model.channels must name 1 stage or more, got none',
  ],
  [
    'model.strides',
    cnnOf({ strides: [1] }),
    image,
    'model.strides must be as many as model.channels, 2, got 1',
  ],
  [
    'model.pooling',
    cnnOf({ channels: [4, 4, 4, 4], strides: [1, 1, 1, 1] }),
    image,
    'model.pooling max wants 2×2 positions or more in all stages, got 1×1: use fewer stages',
  ],
  [
    'model.groups',
    cnnOf({ normalization: 'group', groups: 5 }),
    image,
    'model.groups must divide the channels of all stages, got 5 for 16',
  ],
  [
    'model.blocks',
    resnetOf({ blocks: 0 }),
    image,
    'model.blocks must be an integer in 1…100, got 0',
  ],
  [
    'model.widthMultiplier',
    resnetOf({ widthMultiplier: 0.01 }),
    image,
    'model.widthMultiplier must give 1…100,000 channels in the first stage, got 0.01 of 16',
  ],
  [
    'model.hidden',
    mlpOf({ hidden: [3, 0] }),
    image,
    'model.hidden must be an integer in 1…1000000, got 0',
  ],
]

describe('a network that does not fit its task', () => {
  test.each(misfits)('is refused by %s: %o', (subject, architecture, task, message) => {
    const build = (): unknown => buildModel(architecture, task)
    expect(build).toThrow(InputError)
    expect(build).toThrow(message)
    expect(build).toThrow(expect.objectContaining({ subject }) as Error)
  })

  test('is refused in training where a batch has one value a channel', () => {
    const model = buildModel(
      cnnOf({ channels: [4], strides: [1], normalization: 'batch', pooling: 'none' }),
      imageTask(1, 1, 2),
    )
    expect(() =>
      lossProgram({ model, loss: 'cross-entropy', batchSize: 1, mode: 'train' }),
    ).toThrow(
      'model.normalization batch wants 2 values a channel or more, got 1: use larger batches or images',
    )
  })
})

test('a network of a billion parameters is described in a second', () => {
  const architecture = transformerOf({ width: 2048, layers: 18, heads: 16 })
  const { layout } = buildModel(architecture, tokenTask(1024, 50_257))
  expect(layout.size).toBeGreaterThan(1e9)
}, 1_000)

test.each([
  [mlpOf({ hidden: [] }), image, 'mlp 192-4'],
  [mlpOf({ hidden: [8, 8, 8] }), image, 'mlp 192-8-8-8-4'],
  [mlpOf({ hidden: [7, 77, 77, 77, 77, 7] }), image, 'mlp 192-7-77×4-7-4'],
  [mlpOf({ hidden: [4, 4, 4, 4], residual: true }), image, 'mlp 192-4×4-4 residual'],
  [cnnOf({ channels: [8, 16], hidden: [5] }), image, 'cnn 8-16-5'],
  [resnetOf({ blocks: 3 }), image, 'resnet-20 16'],
  [transformerOf({}), text, 'transformer 64×2, 4 heads'],
] as [Architecture, Task, string][])('a network is called by its sizes: %#', (of, task, label) => {
  expect(buildModel(of, task).label).toBe(label)
})
