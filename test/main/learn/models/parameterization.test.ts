import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import {
  buildModel,
  initializeParameters,
  lossProgram,
  outputProgram,
  parameterInputs,
  type Architecture,
  type Initialization,
  type Model,
  type Parameterization,
} from '#learn/models'
import type { Task } from '#learn/tasks'
import { layoutViews } from '#tensor/dense'
import { inlineProgram, printProgram, reshape, traceProgram } from '#tensor/program'
import { compileProgram } from '#tensor/runtime'
import { gradient } from '#tensor/transforms'
import { cnnOf, imageTask, mlpOf, resnetOf, tokenTask, transformerOf } from './architectures.ts'

describe('mup at its base width', () => {
  test.each([
    ['mlp', mlpOf({ hidden: [24, 12] }), imageTask(1, 4, 5), 24],
    ['cnn', cnnOf({ channels: [8, 16], hidden: [6] }), imageTask(3, 8, 5), 8],
    ['resnet', resnetOf({ widthMultiplier: 0.5 }), imageTask(3, 8, 5), 8],
    ['tied transformer', transformerOf({ width: 16 }), tokenTask(6, 11), 16],
    ['transformer', transformerOf({ width: 16, positions: 'rotary' }), tokenTask(6, 11, 1), 16],
  ] as [string, Architecture, Task, number][])(
    'is the standard parameterization bit for bit: %s',
    (_, architecture, task, baseWidth) => {
      const build = (parameterization: Parameterization): Model =>
        buildModel(architecture, task, { parameterization, initialization: 'glorot-normal' })
      const [standard, mup] = [build({ kind: 'standard' }), build({ kind: 'mup', baseWidth })]
      const stream = () => createStream(3)
      expect(initializeParameters(mup, stream())).toEqual(initializeParameters(standard, stream()))
      const print = (model: Model): string =>
        printProgram(lossProgram({ model, loss: 'cross-entropy', batchSize: 2, mode: 'train' }))
      expect(print(mup)).toBe(print(standard))
      mup.declarations.forEach(({ rule }) =>
        expect(rule.learningRateFactors).toEqual({ sgd: 1, adam: 1 }),
      )
    },
  )
})

describe('learning rates and factors of mup', () => {
  // Yang and Hu et al., table 8, relative to the base width, at m = 4.
  test('are those of the table, for each kind of tensor', () => {
    const { declarations } = buildModel(mlpOf({ hidden: [64, 64] }), imageTask(1, 4, 5), {
      parameterization: { kind: 'mup', baseWidth: 16 },
      initialization: 'lecun-normal',
    })
    const rules = Object.fromEntries(declarations.map(({ name, rule }) => [name, rule]))
    expect(rules).toEqual({
      'layers.0.weight': { factor: 1, spread: 1, learningRateFactors: { sgd: 4, adam: 1 } },
      'layers.0.bias': { factor: 1, spread: 1, learningRateFactors: { sgd: 4, adam: 1 } },
      'layers.1.weight': { factor: 1, spread: 1, learningRateFactors: { sgd: 1, adam: 0.25 } },
      'layers.1.bias': { factor: 1, spread: 1, learningRateFactors: { sgd: 4, adam: 1 } },
      'layers.2.weight': { factor: 0.25, spread: 2, learningRateFactors: { sgd: 4, adam: 1 } },
      'layers.2.bias': { factor: 1, spread: 1, learningRateFactors: { sgd: 1, adam: 1 } },
    })
  })

  // At the base width a bias of hidden and output layers is uniform on ±1/√16, a kernel has rows of length 1.
  test('keep what is drawn by fans that grow as at the base width', () => {
    const deviations = (architecture: Architecture, initialization: Initialization): number[] => {
      const model = buildModel(architecture, imageTask(1, 8, 400), {
        parameterization: { kind: 'mup', baseWidth: 16 },
        initialization,
      })
      const flat = initializeParameters(model, createStream(5))
      return model.layout.entries.map(({ offset, size }) =>
        Math.sqrt(flat.subarray(offset, offset + size).reduce((sum, w) => sum + w * w, 0) / size),
      )
    }
    const [, , , hidden, , output] = deviations(mlpOf({ hidden: [1024, 1024] }), 'pytorch')
    expect(Math.abs(hidden! / (1 / 4 / Math.sqrt(3)) - 1)).toBeLessThan(0.1)
    expect(Math.abs(output! / (1 / 4 / Math.sqrt(3)) - 1)).toBeLessThan(0.1)
    const convolution = cnnOf({ channels: [64], strides: [1], kernel: 3, normalization: 'none' })
    // `[16, 9]` has orthonormal columns at the base width: entries of mean square 1/16.
    expect(deviations(convolution, 'orthogonal')[0]).toBeCloseTo(1 / 4, 6)
  })

  test('leave embeddings, positions and normalizations as at the base width', () => {
    const { declarations } = buildModel(
      transformerOf({ width: 64, tiedEmbeddings: false }),
      tokenTask(6, 11),
      { parameterization: { kind: 'mup', baseWidth: 16 }, initialization: 'pytorch' },
    )
    declarations
      .filter(({ draw }) => draw.kind === 'normal' || draw.kind === 'constant')
      .forEach(({ rule }) =>
        expect(rule).toEqual({ factor: 1, spread: 1, learningRateFactors: { sgd: 4, adam: 1 } }),
      )
  })
})

/** Θ(x, x′) = ⟨∇f(x), ∇f(x′)⟩ in the stored parameters of a network with one output. */
async function tangentKernels(width: number, networkCount: number): Promise<number[]> {
  const task: Task = {
    features: { kind: 'values', shape: [4] },
    targets: { kind: 'values', count: 1 },
  }
  const model = buildModel(mlpOf({ hidden: [width], bias: false }), task, {
    parameterization: { kind: 'ntk' },
    initialization: 'he-normal',
  })
  const outputs = outputProgram(model, 1)
  const value = traceProgram(
    'output',
    outputs.inputs.map(({ type }) => type),
    (inputs) => [reshape(inlineProgram(outputs, inputs[0]!.graph, inputs)[0]!, [])],
  )
  const slopes = await compileProgram(gradient(value, parameterInputs(model)))
  const kernels: number[] = []
  for (let network = 0; network < networkCount; network += 1) {
    const flat = initializeParameters(model, createStream(network, 'kernel', width))
    const views = layoutViews(model.layout, flat)
    const [left, right] = [await slopes.run([...views, x]), await slopes.run([...views, y])]
    const products = left.map((part, i) => {
      const values = Float64Array.from(part)
      return values.reduce((sum, slope, j) => sum + slope * right[i]![j]!, 0)
    })
    kernels.push(products.reduce((sum, product) => sum + product, 0))
  }
  await slopes.release()
  return kernels
}

const x = Float32Array.of(1, -0.5, 0.25, 1)
const y = Float32Array.of(0.5, 0.5, -1, 1)

/**
 * The kernel of one hidden layer of rectifiers at infinite width, weights of variance 2/fan-in: with
 * u, v normal of covariance (2/d)·[x·x, x·y; x·y, y·y], Θ = 2·E[σ(u)σ(v)] + (4/d)·x·y·E[σ′(u)σ′(v)].
 *
 * @see Cho and Saul, Kernel methods for deep learning (2009), equations 4 and 6
 */
function infiniteKernel(): number {
  const inner = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  const [xx, yy, xy] = [inner(x, x), inner(y, y), inner(x, y)]
  const angle = Math.acos(xy / Math.sqrt(xx * yy))
  const norms = (2 / 4) * Math.sqrt(xx * yy)
  const products = (norms * (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle))) / (2 * Math.PI)
  return 2 * products + ((4 / 4) * xy * (Math.PI - angle)) / (2 * Math.PI)
}

describe('the tangent kernel under the neural tangent parameterization', () => {
  const moments = (values: readonly number[]): [number, number] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    return [mean, Math.sqrt(squares / (values.length - 1))]
  }

  test('has the mean of infinite width and a deviation that falls as one over its root', async () => {
    const deviations: number[] = []
    for (const width of [32, 512]) {
      const [mean, deviation] = moments(await tangentKernels(width, 200))
      // Of rectifiers the mean is that of infinite width at any width.
      expect(Math.abs(mean - infiniteKernel())).toBeLessThan((4 * deviation) / Math.sqrt(200))
      deviations.push(deviation)
    }
    // Relative standard error of a deviation of 200: 1/√400 = 5 %, of a quotient 7 %.
    expect(Math.abs(deviations[0]! / deviations[1]! / 4 - 1)).toBeLessThan(0.28)
  })

  test('belongs to kernels stored with entries of variance 1, orthogonal ones too', () => {
    const model = buildModel(cnnOf({ channels: [32], strides: [1] }), imageTask(1, 8, 5), {
      parameterization: { kind: 'ntk' },
      initialization: 'orthogonal',
    })
    const { offset, size, shape } = model.layout.entries[0]!
    expect(shape).toEqual([32, 1, 3, 3])
    const flat = initializeParameters(model, createStream(2)).subarray(offset, offset + size)
    expect(flat.reduce((sum, w) => sum + w * w, 0) / size).toBeCloseTo(1, 5)
  })

  test('belongs to a network that starts as the standard one, stored with entries of variance 1', () => {
    const build = (kind: 'standard' | 'ntk'): Model =>
      buildModel(transformerOf({ width: 16, tiedEmbeddings: false }), tokenTask(6, 11), {
        parameterization: { kind },
        initialization: 'glorot-normal',
      })
    const [standard, ntk] = [build('standard'), build('ntk')]
    const plain = initializeParameters(standard, createStream(1))
    const stored = initializeParameters(ntk, createStream(1))
    ntk.layout.entries.forEach(({ offset, size, shape }, i) => {
      const { factor } = ntk.declarations[i]!.rule
      for (let j = offset; j < offset + size; j += 1) {
        expect(factor * stored[j]!).toBeCloseTo(plain[j]!, 6)
      }
      if (shape.length < 2) return
      const square = stored.subarray(offset, offset + size).reduce((sum, w) => sum + w * w, 0)
      expect(Math.abs(square / size - 1)).toBeLessThan(4 * Math.sqrt(2 / size))
    })
  })
})
