import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { describeNetwork, runProbe } from '#lab/experiments'
import { answerEntries, encodeNpy, encodeNpz, encodeSafetensors } from '#learn/datasets'
import { buildModel, writeWeights } from '#learn/models'
import { entriesOf } from '#learn/tasks'
import { layoutViews, sizeOf } from '#tensor/dense'
import { networkSchema, type NetworkSpec } from '#shared/schemas'
import {
  filledBatch,
  filledParameters,
  filledStatistics,
  filledTangents,
  summaryError,
  twinCases,
  type TwinCase,
} from '../../learn/models/twin-cases.ts'

const folder = mkdtempSync(join(tmpdir(), 'saddle-probe-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The network of a case as a person would write it. */
function networkOf({ architecture, task }: TwinCase): NetworkSpec {
  const { features, targets } = task
  return networkSchema.parse({
    ...architecture,
    input:
      features.kind === 'values'
        ? features.shape
        : { tokens: features.length, vocabulary: features.vocabulary },
    outputs: targets.count,
    ...(targets.kind === 'classes' && targets.perSample > 1 ? { perToken: true } : {}),
  })
}

/** Row i of `[rows, width]`, i + 1 times: the twin weighs row i by (i + 1)/64. */
function repeatRows<T extends Float32Array | Int32Array>(values: T, rows: number): T {
  const width = values.length / rows
  const indices = Array.from({ length: rows }, (_, i) => Array<number>(i + 1).fill(i)).flat()
  const repeated = indices.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)])
  return (values instanceof Int32Array ? Int32Array : Float32Array).from(repeated) as T
}

function writeInputs(twin: TwinCase) {
  const { architecture, task, batchSize } = twin
  const model = buildModel(architecture, task)
  const weights = { parameters: filledParameters(model), buffers: filledStatistics(model) }
  const [x, y] = filledBatch(twin) as [Float32Array | Int32Array, Float32Array | Int32Array]
  const [features, answers] = [repeatRows(x, batchSize), repeatRows(y, batchSize)]
  const arrayOf = (data: Float32Array | Int32Array, shape: readonly number[]) =>
    data instanceof Int32Array
      ? { dtype: 'int32' as const, shape, data }
      : { dtype: 'float32' as const, shape, data }
  const rows = features.length / entriesOf(task.features)
  const shape = task.features.kind === 'values' ? task.features.shape : [task.features.length]
  const tangents = new Float32Array(model.layout.size)
  filledTangents(model.layout).forEach((part, i) =>
    tangents.set(part, model.layout.entries[i]!.offset),
  )
  const path = (name: string) => join(folder, `${architecture.kind}-${name}`)
  writeFileSync(path('weights.safetensors'), encodeSafetensors(writeWeights(model, weights)))
  writeFileSync(
    path('data.npz'),
    encodeNpz(
      new Map([
        ['x', arrayOf(features, [rows, ...shape])],
        ['y', arrayOf(answers, [rows, answerEntries(task.targets)])],
      ]),
    ),
  )
  writeFileSync(path('vector.npy'), encodeNpy(arrayOf(tangents, [tangents.length])))
  return {
    layout: model.layout,
    rows,
    options: {
      weightsPath: path('weights.safetensors'),
      dataPath: path('data.npz'),
      vectorPath: path('vector.npy'),
    },
  }
}

const cases = [
  ['cnn', 'with batch norm, average pooling and affine layers'],
  ['resnet', 'of 8 layers, padded'],
  ['transformer', 'that models language'],
  ['transformer', 'that classifies text'],
  ['transformer', 'of values from images'],
] as const

describe.each(cases)('a probe of PyTorch’s %s %s', (kind, name) => {
  const twin = twinCases(kind).find((each) => each.name === name)!

  test('agrees in loss, gradient and Hessian product to 1e-5', async () => {
    const { layout, rows, options } = writeInputs(twin)
    const result = await runProbe({
      network: networkOf(twin),
      loss: twin.loss,
      seed: 0,
      batch: 4, // the last batch is not full
      ...options,
    })
    // The twin's weights sum to rows/64, a mean's to 1.
    const scale = rows / 64
    expect(result.sampleCount).toBe(rows)
    expect(Math.abs((result.loss * scale) / twin.evaluate.loss - 1)).toBeLessThan(1e-5)
    const parts = (vector: Float32Array) =>
      layoutViews(
        layout,
        vector.map((value) => value * scale),
      )
    expect(summaryError(parts(result.gradient), twin.evaluate.gradient)).toBeLessThan(1e-5)
    expect(summaryError(parts(result.product!), twin.evaluate.product)).toBeLessThan(1e-4)
  })
})

describe('describeNetwork', () => {
  test.each([
    ['cnn', 'with batch norm, average pooling and affine layers'],
    ['resnet', 'of 8 layers, padded'],
    ['transformer', 'that models language'],
  ] as const)('lists the state_dict of PyTorch’s %s %s', (kind, name) => {
    const twin = twinCases(kind).find((each) => each.name === name)!
    const { parameters, buffers } = describeNetwork(networkOf(twin))
    const listed = [...parameters.entries, ...buffers.entries].map((entry) => entry.name)
    const isCounter = (key: string) => key.endsWith('num_batches_tracked')
    const isTied = (key: string) => !twin.parameters.some(([own]) => own === key)
    const expected = twin.stateDict
      .filter(([key]) => !isCounter(key) && (key.includes('running_') || !isTied(key)))
      .map(([key]) => key)
    expect(listed.toSorted()).toEqual(expected.toSorted())
    expect(parameters.size).toBe(twin.parameters.reduce((sum, [, shape]) => sum + sizeOf(shape), 0))
  })

  test('refuses what does not fit, by its key', () => {
    const cnn = networkSchema.parse({ kind: 'cnn', input: [12], outputs: 3 })
    expect(() => describeNetwork(cnn)).toThrow('model.kind cnn wants images')
    const heads = { kind: 'transformer', heads: 3, outputs: 2, input: { tokens: 4, vocabulary: 9 } }
    expect(() => describeNetwork(networkSchema.parse(heads))).toThrow(/model\.heads/)
  })
})
