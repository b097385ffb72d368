import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  buildModel,
  initializeBuffers,
  initializeParameters,
  outputProgram,
  type Architecture,
  type Initialization,
  type Model,
} from '#learn/models'
import { layoutViews } from '#tensor/dense'
import { interpretProgram } from '#tensor/runtime'
import { cnnOf, imageTask, mlpOf, resnetOf, tokenTask, transformerOf } from './architectures.ts'
import { hashedNumbers } from './twin-cases.ts'

const image = imageTask(3, 8, 10)

const build = (architecture: Architecture, task = image, initialization?: Initialization): Model =>
  buildModel(architecture, task, {
    initialization: initialization ?? 'he-normal',
    parameterization: { kind: 'standard' },
  })

/** Parameters by name. */
function drawn(model: Model, seed = 1): Map<string, Float32Array> {
  const views = layoutViews(model.layout, initializeParameters(model, createStream(seed)))
  return new Map(model.layout.entries.map(({ name }, i) => [name, views[i]!]))
}

const meanSquare = (values: Float32Array): number =>
  values.reduce((sum, value) => sum + value * value, 0) / values.length

describe('initial parameters', () => {
  test.each([
    ['he-normal', 2 / (16 * 9)],
    ['glorot-uniform', 2 / ((16 + 64) * 9)],
    ['pytorch', 1 / (3 * 16 * 9)],
  ] as const)('of kernels have the variance of %s by fans with their area', (law, variance) => {
    const model = build(cnnOf({ channels: [16, 64] }), image, law)
    const kernel = drawn(model).get('stages.1.conv.weight')!
    // 9,216 normal numbers: relative standard error √(2/9,216) = 1.5 %.
    expect(Math.abs(meanSquare(kernel) / variance - 1)).toBeLessThan(0.06)
  })

  test('of orthogonal kernels have orthonormal rows of entries', () => {
    const model = build(cnnOf({ channels: [8, 16] }), image, 'orthogonal')
    const kernel = drawn(model).get('stages.1.conv.weight')!
    const row = (i: number): Float32Array => kernel.subarray(i * 72, (i + 1) * 72)
    const product = (i: number, j: number): number =>
      row(i).reduce((sum, value, k) => sum + value * row(j)[k]!, 0)
    expect(product(3, 3)).toBeCloseTo(1, 5)
    expect(product(3, 11)).toBeCloseTo(0, 5)
  })

  test('of embeddings and positions have the deviation of GPT-2, and norms are the identity', () => {
    const tensors = drawn(build(transformerOf({ width: 64, heads: 4 }), tokenTask(32, 256)))
    for (const name of ['tokens.weight', 'positions.weight']) {
      expect(Math.abs(Math.sqrt(meanSquare(tensors.get(name)!)) / 0.02 - 1)).toBeLessThan(0.07)
    }
    expect(new Set(tensors.get('layers.0.norm1.weight'))).toEqual(new Set([1]))
    expect(new Set(tensors.get('layers.0.norm1.bias'))).toEqual(new Set([0]))
    expect(new Set(tensors.get('layers.1.attention.q_proj.bias'))).toEqual(new Set([0]))
  })

  test('of a layer do not change with those of another', () => {
    const [two, three] = [
      [16, 16],
      [16, 16, 16],
    ].map((hidden) => drawn(build(mlpOf({ hidden }))))
    expect(three!.get('layers.1.weight')).toEqual(two!.get('layers.1.weight'))
    expect(three!.get('layers.1.weight')).not.toEqual(two!.get('layers.0.weight'))
  })

  test('of running statistics are a mean of 0 and a variance of 1', () => {
    const model = build(resnetOf({ widthMultiplier: 0.25 }))
    const views = layoutViews(model.buffers, initializeBuffers(model))
    model.buffers.entries.forEach(({ name }, i) =>
      expect(new Set(views[i])).toEqual(new Set([name.endsWith('running_var') ? 1 : 0])),
    )
  })
})

describe('a residual network without normalization', () => {
  test('starts as one whose blocks are the identity, at any depth', () => {
    const outputs = [1, 4].map((blocks) => {
      const model = build(
        resnetOf({ normalization: 'none', blocks, widthMultiplier: 0.25, shortcut: 'pad' }),
      )
      const views = layoutViews(model.layout, initializeParameters(model, createStream(4)))
      const features = hashedNumbers(1, 2 * 3 * 64)
      return interpretProgram(outputProgram(model, 2), [...views, features])[0]!
    })
    expect(outputs[1]).toEqual(outputs[0])
    expect(outputs[0]!.some((value) => value !== 0)).toBe(true)
  })

  test('draws first kernels narrower by the root of the number of blocks', () => {
    const model = build(resnetOf({ normalization: 'none', blocks: 3 }))
    const kernel = drawn(model).get('layer1.0.conv1.weight')!
    // 2,304 numbers: relative standard error 3 %.
    expect(Math.abs(meanSquare(kernel) / (2 / (16 * 9) / 9) - 1)).toBeLessThan(0.12)
    expect(new Set(drawn(model).get('layer3.2.conv2.weight'))).toEqual(new Set([0]))
  })
})
