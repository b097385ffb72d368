import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { loadArray, loadArrays, loadSamplesFile } from '#learn/datasets'
import { createHessianOperator } from '#geometry/curvature'
import {
  fullyConnected,
  initializeParameters,
  lossProgram,
  parameterInputs,
  type Initialization,
} from '#learn/models'
import { layoutViews } from '#tensor/dense'
import { compileProgram, interpretProgram } from '#tensor/runtime'
import { gradient, hvp, valueAndGradient } from '#tensor/transforms'
import { partitionSamples } from '../../../src-main/lab/experiments/batches.ts'
import { fixturePath, networkGolden, networkNames } from '../../support/fixtures.ts'

async function load(name: string) {
  const golden = networkGolden(name)
  const { widths, activation, bias } = golden.network
  const model = fullyConnected({
    widths,
    activation,
    bias,
    targets: golden.loss === 'cross-entropy' ? 'classes' : 'values',
  })
  const { layout } = model
  const arrays = await loadArrays(fixturePath('networks', `${name}.safetensors`))
  const parameters = new Float32Array(layout.size)
  for (const { name: key, offset } of layout.entries) parameters.set(arrays.get(key)!.data, offset)
  const samples = await loadSamplesFile(fixturePath('networks', `${name}-data.npz`), {
    task: golden.loss === 'cross-entropy' ? 'classification' : 'regression',
    ...(golden.loss === 'cross-entropy' ? { classCount: golden.network.widths.at(-1)! } : {}),
  })
  const { data } = await loadArray(fixturePath('networks', `${name}-vector.npy`))
  return { golden, model, layout, parameters, samples, vector: Float32Array.from(data) }
}

const relative = (got: ArrayLike<number>, expected: readonly number[]): number => {
  const difference = Math.hypot(...expected.map((x, i) => got[i]! - x))
  return difference / Math.hypot(...expected)
}

describe.each(networkNames)('the network %s', (name) => {
  test('has PyTorch’s loss, gradient and Hessian product in float64 to 1e-12', async () => {
    const { golden, model, layout, parameters, samples, vector } = await load(name)
    const program = lossProgram({
      model,
      loss: golden.loss,
      batchSize: samples.count,
    })
    const wrt = parameterInputs(model)
    const views = layoutViews(layout, parameters)
    const data = (await partitionSamples(samples, samples.count))[0]!.slice(0, 2)
    // Weights in float64: the oracle must not carry the rounding of 1/N.
    const batch = [...data, new Float64Array(samples.count).fill(1 / samples.count)]
    const [value, ...parts] = interpretProgram(valueAndGradient(program, wrt), [...views, ...batch])
    expect(Math.abs(value![0]! / golden.value - 1)).toBeLessThan(1e-12)
    expect(
      relative(
        parts.flatMap((part) => [...part]),
        golden.gradient,
      ),
    ).toBeLessThan(1e-12)
    const product = interpretProgram(hvp(program, wrt, null), [
      ...views,
      ...batch,
      ...layoutViews(layout, vector),
    ])
    expect(
      relative(
        product.flatMap((part) => [...part]),
        golden.product,
      ),
    ).toBeLessThan(1e-12)
  })

  test('has them natively to 1e-5, over unequal batches and in blocks', async () => {
    const { golden, model, layout, parameters, samples, vector } = await load(name)
    const n = layout.size
    const batchSize = 7
    const loss = lossProgram({
      model,
      loss: golden.loss,
      batchSize: samples.count,
    })
    const executable = await compileProgram(gradient(loss, parameterInputs(model)))
    const got = await executable.run([
      ...layoutViews(layout, parameters),
      ...(await partitionSamples(samples, samples.count))[0]!,
    ])
    await executable.release()
    expect(
      relative(
        got.flatMap((part) => [...part]),
        golden.gradient,
      ),
    ).toBeLessThan(1e-5)

    const operator = await createHessianOperator({
      loss: lossProgram({
        model,
        loss: golden.loss,
        batchSize,
      }),
      layout,
      parameters,
      batches: await partitionSamples(samples, batchSize),
      rows: 4,
    })
    // Five rows: one full block of 4 and one single product.
    const input = new Float32Array(5 * n)
    for (let row = 0; row < 5; row += 1)
      input.set(
        vector.map((x) => (row + 1) * x),
        row * n,
      )
    const output = new Float32Array(5 * n)
    await operator.apply(input, 5, output)
    await operator.release()
    for (let row = 0; row < 5; row += 1) {
      const expected = golden.product.map((x) => (row + 1) * x)
      expect(relative(output.subarray(row * n, (row + 1) * n), expected)).toBeLessThan(1e-5)
    }
  })
})

describe('a data-set loss', () => {
  test('over batches of 7, 7 and 3 equals that over 17 in float64 to 1e-12', () => {
    const model = fullyConnected({
      widths: [3, 4, 2],
      activation: 'tanh',
      bias: true,
      targets: 'values',
      initialization: 'lecun-normal',
    })
    const { layout } = model
    const stream = createStream(1, 'batches')
    const parameters = initializeParameters(model, stream)
    const draw = (size: number) => Float64Array.from({ length: size }, () => stream.nextNormal())
    const [x, y] = [draw(17 * 3), draw(17 * 2)]
    const v = draw(layout.size)
    const product = (from: number, rows: number): number[] => {
      const program = hvp(
        lossProgram({ model, loss: 'squared-error', batchSize: rows }),
        parameterInputs(model),
        null,
      )
      return interpretProgram(program, [
        ...layoutViews(layout, parameters),
        x.subarray(from * 3, (from + rows) * 3),
        y.subarray(from * 2, (from + rows) * 2),
        new Float64Array(rows).fill(1 / 17),
        ...layout.entries.map(({ offset, size }) => v.subarray(offset, offset + size)),
      ]).flatMap((part) => [...part])
    }
    const parts = [product(0, 7), product(7, 7), product(14, 3)]
    product(0, 17).forEach((expected, i) => {
      const sum = parts.reduce((total, part) => total + part[i]!, 0)
      expect(Math.abs(sum - expected)).toBeLessThan(1e-12)
    })
  })
})

describe('a loss of classes', () => {
  // Rows of a batch; the labels' one-hot vectors as values.
  const labels = Int32Array.of(2, 0, 1, 2)
  const oneHot = Float32Array.from({ length: 12 }, (_, i) =>
    labels[Math.floor(i / 3)] === i % 3 ? 1 : 0,
  )
  const programOf = (targets: 'classes' | 'values') => {
    const model = fullyConnected({ widths: [5, 3], activation: 'tanh', bias: true, targets })
    const loss = lossProgram({ model, loss: 'squared-error', batchSize: 4 })
    const parameters = initializeParameters(model, createStream(4, 'start'))
    return {
      program: valueAndGradient(loss, parameterInputs(model)),
      views: layoutViews(model.layout, parameters),
    }
  }

  test('is by squared error that of their one-hot vectors, gradient and all', () => {
    const stream = createStream(4, 'features')
    const features = Float64Array.from({ length: 20 }, () => stream.nextNormal())
    const weights = Float64Array.of(0.1, 0.2, 0.3, 0.4)
    const [classes, values] = [programOf('classes'), programOf('values')]
    expect(
      interpretProgram(classes.program, [...classes.views, features, labels, weights]),
    ).toEqual(interpretProgram(values.program, [...values.views, features, oneHot, weights]))
  })
})

describe('initializeParameters', () => {
  const draw = (initialization: Initialization, seed: number): Float32Array => {
    const model = fullyConnected({
      widths: [300, 200, 10],
      activation: 'tanh',
      bias: true,
      targets: 'classes',
      initialization,
    })
    return initializeParameters(model, createStream(seed))
  }
  test.each([
    ['he-normal', 2 / 300],
    ['he-uniform', 2 / 300],
    ['glorot-normal', 2 / 500],
    ['glorot-uniform', 2 / 500],
    ['lecun-normal', 1 / 300],
    ['pytorch', 1 / 900],
  ] as const)('draws %s with the variance it states', (initialization, variance) => {
    const flat = draw(initialization, 2)
    const weights = flat.subarray(0, 60_000)
    const square = weights.reduce((sum, w) => sum + w * w, 0) / 60_000
    // Normal: relative standard error √(2/60,000) = 0.6 %
    expect(Math.abs(square / variance - 1)).toBeLessThan(0.024)
  })

  test('draws orthonormal rows or columns', () => {
    const flat = draw('orthogonal', 3)
    const row = (i: number) => flat.subarray(i * 300, (i + 1) * 300)
    const inner = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
    expect(inner(row(0), row(0))).toBeCloseTo(1, 5)
    expect(inner(row(0), row(7))).toBeCloseTo(0, 5)
  })
})
