import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  buildModel,
  initializeBuffers,
  initializeParameters,
  readWeights,
  writeWeights,
  type Model,
  type WeightArray,
  type Weights,
} from '#learn/models'
import { imageTask, resnetOf, tokenTask, transformerOf } from './architectures.ts'
import { twinCases } from './twin-cases.ts'

const withStatistics = buildModel(resnetOf({ widthMultiplier: 0.25 }), imageTask(3, 8, 4))
const tied = buildModel(transformerOf({ width: 8, layers: 1, heads: 2 }), tokenTask(5, 7))

const weightsOf = (model: Model): Weights => ({
  parameters: initializeParameters(model, createStream(1)),
  buffers: initializeBuffers(model).map((value, i) => value + i / 64),
})

/** What a file of a model's weights holds, to be changed. */
const fileOf = (model: Model): Map<string, WeightArray> =>
  new Map<string, WeightArray>(writeWeights(model, weightsOf(model)))

describe('weights by the names of PyTorch', () => {
  test.each([
    ['with running statistics', withStatistics],
    ['with tied embeddings', tied],
  ])('come back as they were written %s', (_, model) => {
    const weights = weightsOf(model)
    expect(readWeights(writeWeights(model, weights), model, 'w.npz')).toEqual(weights)
  })

  test.each(['mlp', 'cnn', 'resnet', 'transformer'] as const)(
    'have exactly the keys and shapes of the twin’s state_dict: %s',
    (kind) => {
      for (const { architecture, task, stateDict } of twinCases(kind)) {
        const model = buildModel(architecture, task)
        const written = writeWeights(model, weightsOf(model))
        const shapes = [...written].map(([name, { shape }]) => [name, shape] as const)
        expect(Object.fromEntries(shapes)).toEqual(Object.fromEntries(stateDict))
      }
    },
  )

  test('ignore the state of an optimizer and counts of batches', () => {
    const file = fileOf(withStatistics)
    file.set('optimizer.m', { shape: [3], data: [1, 2, Number.NaN] })
    expect(readWeights(file, withStatistics, 'w.npz')).toEqual(weightsOf(withStatistics))
    for (const name of [...file.keys()].filter((key) => key.endsWith('num_batches_tracked'))) {
      file.delete(name)
    }
    expect(readWeights(file, withStatistics, 'w.npz')).toEqual(weightsOf(withStatistics))
  })

  test('may name a tied tensor once, by either name', () => {
    for (const name of ['head.weight', 'tokens.weight']) {
      const file = fileOf(tied)
      file.delete(name)
      expect(readWeights(file, tied, 'w.npz')).toEqual(weightsOf(tied))
    }
  })

  test('must agree where a tied tensor stands twice', () => {
    const file = fileOf(tied)
    file.set('head.weight', { shape: [7, 8], data: new Float32Array(56) })
    expect(() => readWeights(file, tied, 'w.npz')).toThrow(
      'w.npz: tensor head.weight is tied to tokens.weight, but differs',
    )
  })

  test('that are missing are named, with what there is', () => {
    const file = fileOf(withStatistics)
    file.delete('bn1.running_mean')
    expect(() => readWeights(file, withStatistics, 'w.npz')).toThrow(
      /^w\.npz: tensor bn1\.running_mean \[4\] is missing; the file holds conv1\.weight, /,
    )
    expect(() => readWeights(new Map(), tied, 'w.npz')).toThrow(
      'w.npz: tensor tokens.weight [7, 8] is missing',
    )
  })

  test('that are too many are named, with what is expected', () => {
    const file = fileOf(tied)
    file.set('layers.1.norm1.weight', { shape: [8], data: new Float32Array(8) })
    expect(() => readWeights(file, tied, 'w.npz')).toThrow(
      /^w\.npz: tensor layers\.1\.norm1\.weight does not belong to this network; expected are tokens\.weight, head\.weight, /,
    )
  })

  test('of another shape are named with both shapes', () => {
    const file = fileOf(tied)
    file.set('norm.bias', { shape: [2, 4], data: new Float32Array(8) })
    expect(() => readWeights(file, tied, 'w.npz')).toThrow(
      'tensor norm.bias in w.npz must have shape [8], got [2, 4]',
    )
  })

  test('that are not finite, or not in float32, are named with their place', () => {
    const file = fileOf(tied)
    file.set('norm.bias', { shape: [8], data: [0, 0, 1e300, 0, 0, 0, 0, 0] })
    expect(() => readWeights(file, tied, 'w.npz')).toThrow(
      'w.npz: tensor norm.bias holds 1e+300 at entry 2',
    )
  })

  test('are refused for writing if they are not the network’s', () => {
    const { buffers } = weightsOf(tied)
    expect(() => writeWeights(tied, { parameters: new Float32Array(3), buffers })).toThrow(
      `parameters must have shape [${tied.layout.size}], got [3]`,
    )
  })
})
