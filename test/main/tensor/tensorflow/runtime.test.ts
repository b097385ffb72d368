import { beforeAll, describe, expect, test } from 'vitest'
import { createStream, fillNormal, ShapeError, UnsupportedError } from '#base'
import { fullyConnected, lossProgram } from '#learn/models'
import { optimizerTransform, type Optimizer } from '#learn/optimizers'
import { Trainer } from '#learn/training'
import type { Dtype } from '#tensor/dense'
import * as ops from '#tensor/program'
import type { Program, ValueType } from '#tensor/program'
import { onnxRuntime, type Runtime } from '#tensor/runtime'
import { conformancePrograms } from '../../../support/conformance.ts'
import { float32, largestError } from '../../../support/programs.ts'
import { plainTensorflow } from '../../../support/tensorflow.ts'

let tf: Awaited<ReturnType<typeof plainTensorflow>>['tf']
let runtime: Runtime

beforeAll(async () => {
  ;({ tf, runtime } = await plainTensorflow())
})

const typed = (dtype: Dtype, shape: readonly number[] = [2]): ValueType => ({ dtype, shape })

const normal = (size: number, seed: number): Float32Array => {
  const data = new Float32Array(size)
  fillNormal(data, createStream(seed, 'tensorflow'))
  return data
}

describe('compile', () => {
  const refused: readonly (readonly [string, Program])[] = [
    ['tanh with f64[2]', ops.traceProgram('p', [typed('float64')], ([x]) => [ops.tanh(x!)])],
    [
      'cast with f64[2]',
      ops.traceProgram('p', [float32([2])], ([x]) => [
        ops.cast(ops.cast(x!, 'float64'), 'float32'),
      ]),
    ],
    ['input with f64[2]', ops.traceProgram('p', [typed('float64')], ([x]) => [x!])],
    [
      'div with i32[2]',
      ops.traceProgram('p', [typed('int32'), typed('int32')], ([a, b]) => [ops.div(a!, b!)]),
    ],
    [
      'add with bool[2]',
      ops.traceProgram('p', [typed('bool'), typed('bool')], ([a, b]) => [ops.add(a!, b!)]),
    ],
    [
      'sin with f32[1, 1, 1, 1, 1, 1, 1]',
      ops.traceProgram('p', [float32([1, 1, 1, 1, 1, 1, 1])], ([x]) => [ops.sin(x!)]),
    ],
  ]
  test.each(refused)('refuses %s by name', async (what, program) => {
    const error: unknown = await runtime.compile(program).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UnsupportedError)
    expect(error).toMatchObject({
      message: `@tensorflow/tfjs-core 4.22.0 has no ${what}`,
      operator: what.split(' ')[0],
    })
  })
})

describe('run', () => {
  const sum = ops.traceProgram('sum', [float32([3]), float32([3])], ([x, y]) => [ops.add(x!, y!)])

  test('refuses inputs and outputs of the wrong size, naming them', async () => {
    const executable = await runtime.compile(sum)
    const good = new Float32Array(3)
    await expect(executable.run([good])).rejects.toThrow(
      new ShapeError('inputs of sum', '[2]', [1]),
    )
    await expect(executable.run([good, new Float32Array(4)])).rejects.toThrow(
      'inputs of sum, number 1, must have shape f32[3], got [4]',
    )
    await expect(executable.run([good, good], [new Float32Array(2)])).rejects.toThrow(
      'outputs of sum, number 0, must have shape f32[3], got [2]',
    )
  })

  test('reads views of a larger buffer', async () => {
    const flat = Float32Array.of(1, 2, 3, 4, 5, 6)
    const executable = await runtime.compile(sum)
    const [result] = await executable.run([flat.subarray(0, 3), flat.subarray(3)])
    expect([...result!]).toEqual([5, 7, 9])
  })

  test('may be called again before it has ended', async () => {
    const executable = await runtime.compile(sum)
    const calls = [1, 2, 3, 4].map((x) =>
      executable.run([new Float32Array(3).fill(x), new Float32Array(3).fill(10 * x)]),
    )
    const results = await Promise.all(calls)
    expect(results.map(([part]) => part![0])).toEqual([11, 22, 33, 44])
  })

  test('takes and fills resident tensors', async () => {
    const type = float32([3])
    const x = await runtime.upload(Float32Array.of(1, 2, 3), type)
    const y = await runtime.upload(new Float32Array(3), type)
    const executable = await runtime.compile(sum)
    await executable.run([x, x], [y])
    expect([...(await y.read())]).toEqual([2, 4, 6])
  })
})

describe('a convolution', () => {
  test.each([
    ['taps', [6, 6], [2, 2], 4],
    ['positions', [6, 6], [5, 5], 4],
  ] as const)(
    'takes one product for each of its %s where those are fewer',
    async (_, image, kernel, count) => {
      const program = ops.traceProgram(
        'conv',
        [float32([1, 2, ...image]), float32([3, 2, ...kernel])],
        ([x, w]) => [ops.conv2d(x!, w!)],
      )
      const executable = await runtime.compile(program)
      const { kernels } = await tf.profile(async () => {
        await executable.run([normal(72, 1), normal(6 * kernel[0] * kernel[1], 2)])
        return []
      })
      expect(kernels.filter(({ name }) => name === 'BatchMatMul')).toHaveLength(count)
    },
  )
})

describe('memory', () => {
  test('holds no tensor after any of the conformance programs, run twice', async () => {
    const before = tf.memory().numTensors
    for (const { program, inputs } of conformancePrograms) {
      const executable = await runtime.compile(program)
      await executable.run(inputs)
      await executable.run(inputs)
      await executable.release()
      expect(tf.memory().numTensors, program.name).toBe(before)
    }
  })

  test('holds no tensor after a run that failed', async () => {
    const before = tf.memory().numTensors
    const program = ops.traceProgram(
      'outside',
      [float32([3]), typed('int32', [1])],
      ([x, indices]) => [ops.gather(ops.tanh(x!), indices!)],
    )
    const executable = await runtime.compile(program)
    await expect(executable.run([new Float32Array(3), Int32Array.of(7)])).rejects.toThrow()
    expect(tf.memory().numTensors).toBe(before)
  })

  test('of a chain is that of a few of its values: each is freed after its last reader', async () => {
    const size = 1000
    const program = ops.traceProgram('chain', [float32([size])], ([x]) => {
      let value = x!
      for (let i = 0; i < 50; i += 1) value = ops.add(ops.tanh(value), x!)
      return [value]
    })
    const executable = await runtime.compile(program)
    const start = tf.memory().numBytes
    const { peakBytes } = await tf.profile(async () => {
      await executable.run([new Float32Array(size)])
      return []
    })
    expect(peakBytes - start).toBeLessThanOrEqual(4 * 4 * size)
  })
})

describe('block algebra', () => {
  test('multiplies and combines blocks of rows, and frees what it used', async () => {
    const before = tf.memory().numTensors
    const algebra = await runtime.createBlockAlgebra(5)
    const native = await onnxRuntime().createBlockAlgebra(5)
    const [a, b] = [normal(10, 1), normal(15, 2)]
    const expected = await native.innerProducts(a, 2, b, 3)
    expect(largestError(await algebra.innerProducts(a, 2, b, 3), expected)).toBeLessThan(1e-6)
    const coefficients = Float64Array.of(1, 2, 3, -1, 0, 0.5)
    for (const isAdded of [false, true]) {
      const [target, nativeTarget] = [a.slice(), a.slice()]
      await algebra.combine(target, 2, coefficients, b, 3, isAdded)
      await native.combine(nativeTarget, 2, coefficients, b, 3, isAdded)
      expect(largestError(target, nativeTarget)).toBeLessThan(1e-6)
      expect(largestError(target, a)).toBeGreaterThan(0.1)
    }
    await algebra.release()
    await native.release()
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('training', () => {
  const model = fullyConnected({
    widths: [6, 8, 4],
    activation: 'gelu',
    bias: true,
    targets: 'classes',
  })
  const { layout } = model
  const loss = lossProgram({ model, loss: 'cross-entropy', batchSize: 5, withAccuracy: true })
  const optimizers: readonly Optimizer[] = [
    { kind: 'momentum', momentum: 0.9, nesterov: false },
    { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  ]
  const train = async (optimizer: Optimizer, on: Runtime): Promise<Float32Array> => {
    const trainer = await Trainer.create({
      loss,
      layout,
      optimizer: optimizerTransform(optimizer),
      initialParameters: normal(layout.size, 3).map((x) => 0.4 * x),
      runtime: on,
    })
    const targets = Int32Array.of(0, 1, 2, 3, 0)
    for (let step = 0; step < 6; step += 1) {
      const batch = [normal(30, 4 + step), targets, new Float32Array(5).fill(0.2)]
      await trainer.step(batch, { learningRate: 0.05, isObserved: false })
    }
    const { parameters } = await trainer.read()
    await trainer.release()
    return parameters
  }

  test.each(optimizers)('by $kind ends where ONNX Runtime ends', async (optimizer) => {
    const parameters = await train(optimizer, runtime)
    expect(largestError(parameters, await train(optimizer, onnxRuntime()))).toBeLessThan(1e-5)
    expect(
      largestError(
        parameters,
        normal(layout.size, 3).map((x) => 0.4 * x),
      ),
    ).toBeGreaterThan(0.05)
  })
})
