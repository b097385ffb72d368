import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { TensorData } from '#tensor/dense'
import {
  add,
  conv2d,
  mul,
  reduceSum,
  sin,
  traceProgram,
  type Program,
  type Tracer,
} from '#tensor/program'
import { compileProgram, interpretProgram, lowerProgram } from '#tensor/runtime'
import { gradient, hvp, vjp, widenProgram } from '#tensor/transforms'
import {
  findChannelBlock,
  searchChannelBlock,
  type EvaluateGraph,
} from '../../../src-main/tensor/runtime/channel-block.ts'
import { float32, largestError, normalInputs } from '../../support/programs.ts'

/** One convolution with padding 1. */
const layer = (image: readonly number[], kernel: readonly number[]): Program =>
  traceProgram('layer', [float32(image), float32(kernel)], ([x, w]) => [
    conv2d(x!, w!, { padding: [1, 1] }),
  ])

const linesOf = (program: Program, channelBlock: number | null): string[] =>
  lowerProgram(program, { channelBlock }).describe()

describe('a convolution in blocked channels', () => {
  test('has image, kernel and result reordered, by blocks of 16', () => {
    expect(linesOf(layer([2, 16, 5, 4], [32, 16, 3, 3]), 16)).toMatchInlineSnapshot(`
      [
        "t5 = Reshape(in0, [2,16,5,4])",
        "t8 = nchwc.ReorderInput(t5) channels_last=0",
        "t10 = Reshape(in1, [2,16,1,16,3,3])",
        "t11 = Transpose(t10) perm=[0,2,4,5,3,1]",
        "t12 = Reshape(t11, [32,16,3,3])",
        "t13 = nchwc.Conv(t8, t12) group=1 kernel_shape=[3,3] strides=[1,1] dilations=[1,1] pads=[1,1,1,1]",
        "t14 = nchwc.ReorderOutput(t13) channels=32 channels_last=0",
        "out0 = Reshape(t14, [2,32,5,4])",
      ]
    `)
  })

  test('and by blocks of 8', () => {
    expect(linesOf(layer([2, 16, 5, 4], [32, 16, 3, 3]), 8)).toMatchInlineSnapshot(`
      [
        "t5 = Reshape(in0, [2,16,5,4])",
        "t8 = nchwc.ReorderInput(t5) channels_last=0",
        "t10 = Reshape(in1, [4,8,2,8,3,3])",
        "t11 = Transpose(t10) perm=[0,2,4,5,3,1]",
        "t12 = Reshape(t11, [32,16,3,3])",
        "t13 = nchwc.Conv(t8, t12) group=1 kernel_shape=[3,3] strides=[1,1] dilations=[1,1] pads=[1,1,1,1]",
        "t14 = nchwc.ReorderOutput(t13) channels=32 channels_last=0",
        "out0 = Reshape(t14, [2,32,5,4])",
      ]
    `)
  })

  test.each<[string, Program]>([
    ['3 inputs', layer([2, 3, 5, 5], [16, 3, 3, 3])],
    ['20 inputs', layer([2, 20, 5, 5], [16, 20, 3, 3])],
    ['10 outputs', layer([2, 16, 5, 5], [10, 16, 3, 3])],
    ['a single tap', layer([2, 16, 5, 5], [16, 16, 1, 1])],
    ['float64', widenProgram(layer([2, 16, 5, 5], [16, 16, 3, 3]))],
    [
      '16 outputs in groups of 8',
      traceProgram('grouped', [float32([2, 32, 5, 5]), float32([16, 16, 3, 3])], ([x, w]) => [
        conv2d(x!, w!, { groups: 2 }),
      ]),
    ],
  ])('is left alone with %s', (_name, program) => {
    expect(linesOf(program, 16)).toEqual(linesOf(program, null))
  })

  test('does not make use of patches that are there, as a plain one of so many outputs does', () => {
    const loss = traceProgram(
      'loss',
      [float32([64, 16, 3, 3]), float32([2, 16, 5, 5])],
      ([w, x]) => [reduceSum(sin(conv2d(x!, w!, { padding: [1, 1] })))],
    )
    const slope = gradient(loss, [0])
    expect(linesOf(slope, null).join('\n')).not.toMatch(/group=1 /)
    expect(linesOf(slope, 16).join('\n')).toContain('nchwc.Conv')
  })
})

describe('a sum of two convolutions in blocked channels', () => {
  const types = [float32([2, 16, 6, 6]), float32([16, 16, 3, 3]), float32([16, 16, 3, 3])]
  const sum = (define: (first: Tracer, second: Tracer) => Tracer): readonly string[] =>
    linesOf(
      traceProgram('sum', types, ([x, v, w]) => [define(conv2d(x!, v!), conv2d(sin(x!), w!))]),
      16,
    )
  const count = (lines: readonly string[], operator: string): number =>
    lines.filter((line) => line.includes(`= ${operator}(`)).length

  test('is computed by the second, onto the first', () => {
    const lines = sum((first, second) => add(first, second))
    expect(count(lines, 'Add')).toBe(0)
    expect(count(lines, 'nchwc.ReorderOutput')).toBe(1)
    expect(count(lines, 'nchwc.Conv')).toBe(2)
  })

  test('stays a sum where both are read elsewhere', () => {
    const lines = sum((first, second) => add(add(first, second), mul(first, second)))
    expect(count(lines, 'Add')).toBe(2)
    expect(count(lines, 'nchwc.Conv')).toBe(2)
  })
})

describe('convolutions on this machine', () => {
  const cases: readonly [
    name: string,
    image: readonly number[],
    kernel: readonly number[],
    window: Parameters<typeof conv2d>[2],
  ][] = [
    ['3x3 of 16 to 16', [2, 16, 4, 5], [16, 16, 3, 3], { padding: [1, 1] }],
    ['3x3 of 48 to 32', [1, 48, 4, 4], [32, 48, 3, 3], { padding: [1, 1] }],
    ['3x3 of 8 to 64', [2, 8, 4, 4], [64, 8, 3, 3], { padding: [1, 1] }],
    ['stride 2', [2, 16, 5, 6], [32, 16, 3, 3], { padding: [1, 1], stride: [2, 2] }],
    ['uneven strides', [1, 16, 5, 9], [16, 16, 3, 2], { padding: [2, 0], stride: [1, 2] }],
    ['dilation 2', [1, 16, 5, 5], [16, 16, 3, 3], { padding: [2, 2], dilation: [2, 2] }],
    ['no padding', [2, 32, 4, 5], [16, 32, 2, 3], {}],
    ['two groups', [1, 32, 4, 4], [64, 16, 3, 3], { padding: [1, 1], groups: 2 }],
    ['1x1 of 32 to 16', [2, 32, 4, 4], [16, 32, 1, 1], {}],
    ['3 to 16', [2, 3, 4, 4], [16, 3, 3, 3], { padding: [1, 1] }],
    ['20 to 10', [2, 20, 4, 4], [10, 20, 3, 3], { padding: [1, 1] }],
  ]
  const evaluate = async (program: Program, inputs: readonly TensorData[]) => {
    const executable = await compileProgram(program)
    const outputs = await executable.run(inputs)
    await executable.release()
    return outputs
  }
  const lossOf = (...[, image, kernel, window]: (typeof cases)[number]): Program =>
    traceProgram('loss', [float32(image), float32(kernel)], ([x, w]) => [
      reduceSum(sin(conv2d(x!, w!, window))),
    ])

  test.each(cases)('%s: value and gradient are the interpreter’s', async (...given) => {
    const slope = vjp(lossOf(...given), [0, 1])
    const inputs = normalInputs(slope, 3, 0.2)
    const native = await evaluate(slope, inputs)
    interpretProgram(slope, inputs).forEach((expected, i) => {
      expect(largestError(native[i]!, expected)).toBeLessThan(2e-5)
    })
  })

  // In float64 they are computed by patches, which the interpreter is compared with elsewhere; itself it takes a minute.
  test.each(cases)('%s: products of 1 and 4 are those of float64', async (...given) => {
    for (const rows of [1, 4]) {
      const program = hvp(lossOf(...given), [0, 1], rows)
      const inputs = normalInputs(program, 4, 0.2)
      const native = await evaluate(program, inputs)
      const wide = await evaluate(
        widenProgram(program),
        inputs.map((data) => Float64Array.from(data)),
      )
      wide.forEach((expected, i) => {
        expect(largestError(native[i]!, expected)).toBeLessThan(2e-5)
      })
    }
  })
})

describe('the block of channels', () => {
  test.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'is that of the vector instructions',
    async () => {
      const flags = readFileSync('/proc/cpuinfo', 'utf8')
      expect(await findChannelBlock()).toBe(flags.includes('avx512f') ? 16 : 8)
    },
  )

  /** A runtime that gives numbers in a given order, and every convolution as 1s. */
  const runtimeOf =
    (order: (i: number) => number, convolution: (isBlocked: boolean) => number): EvaluateGraph =>
    (graph, _inputs, shape) => {
      const text = graph.describe().join('\n')
      const length = shape.reduce((product, extent) => product * extent, 1)
      const isOrder = !text.includes('Conv')
      const result = Float32Array.from({ length }, (_, i) =>
        isOrder ? order(i) : convolution(text.includes('nchwc')),
      )
      return Promise.resolve(result)
    }
  /** Two positions, channels by fours. */
  const byFours = (i: number): number =>
    8 * Math.floor(i / 8) + 2 * (i % 4) + (Math.floor(i / 4) % 2)

  test('is read off the order', async () => {
    expect(await searchChannelBlock(runtimeOf(byFours, () => 1))).toBe(4)
  })

  test.each<[string, EvaluateGraph]>([
    [
      'the order is another',
      runtimeOf(
        (i) => 63 - i,
        () => 1,
      ),
    ],
    [
      'the order is only like one at first',
      runtimeOf(
        (i) => (i < 9 ? byFours(i) : i),
        () => 1,
      ),
    ],
    [
      'nothing is reordered',
      runtimeOf(
        (i) => i,
        () => 1,
      ),
    ],
    ['a convolution differs', runtimeOf(byFours, (isBlocked) => (isBlocked ? 1.0001 : 1))],
    ['it is NaN', runtimeOf(byFours, (isBlocked) => (isBlocked ? NaN : 1))],
    ['an operator is missing', () => Promise.reject(new Error('no such operator'))],
  ])('is none where %s', async (_name, evaluate) => {
    expect(await searchChannelBlock(evaluate)).toBeNull()
  })
})
