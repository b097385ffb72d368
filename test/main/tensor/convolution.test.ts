import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sizeOf } from '#tensor/dense'
import * as ops from '#tensor/program'
import { conv, conv2d, traceProgram, type ConvParams, type Program } from '#tensor/program'
import { compileProgram, interpretProgram, lowerProgram } from '#tensor/runtime'
import { batch, gradient, hvp, jvp, vjp } from '#tensor/transforms'
import { float32, largestError, normalInputs } from '../../support/programs.ts'

const small = (largest: number) => fc.integer({ min: 1, max: largest })

/** A convolution with every parameter free; null where the window does not fit. */
const convolutions: fc.Arbitrary<Program> = fc
  .record({
    named: fc.tuple(small(2), small(3), small(3), small(3)),
    spatial: fc.array(
      fc.record({
        input: small(5),
        kernel: small(3),
        stride: small(3),
        inputDilation: small(2),
        kernelDilation: small(2),
        low: fc.integer({ min: -1, max: 2 }),
        high: fc.integer({ min: -1, max: 2 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    orders: fc.tuple(
      ...[0, 1, 2].map(() => fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 })),
    ),
  })
  .map(({ named: [group, lhsBatch, feature, out], spatial, orders }) => {
    const rank = 3 + spatial.length
    const [lhsAxes, rhsAxes, outAxes] = orders.map((order) => order.filter((axis) => axis < rank))
    const shape = (axes: readonly number[], extents: readonly number[]): number[] => {
      const result = new Array<number>(rank)
      axes.forEach((axis, role) => (result[axis] = extents[role]!))
      return result
    }
    const list = (key: keyof (typeof spatial)[number]): number[] => spatial.map((s) => s[key])
    const params: ConvParams = {
      lhsAxes: lhsAxes!,
      rhsAxes: rhsAxes!,
      outAxes: outAxes!,
      strides: list('stride'),
      low: list('low'),
      high: list('high'),
      inputDilation: list('inputDilation'),
      kernelDilation: list('kernelDilation'),
    }
    const types = [
      float32(shape(lhsAxes!, [group, lhsBatch, feature, ...list('input')])),
      float32(shape(rhsAxes!, [group, out, feature, ...list('kernel')])),
    ]
    try {
      return traceProgram('conv', types, ([x, w]) => [conv(x!, w!, params)])
    } catch {
      return null
    }
  })
  .filter((program) => program !== null)

const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0)
const options = { numRuns: 300, seed: 30 }

describe('a convolution with any window and any order of dimensions', () => {
  test('is transposed by its cotangent rules: ⟨ȳ, Jẋ⟩ = ⟨Jᵀȳ, ẋ⟩', () => {
    fc.assert(
      fc.property(convolutions, (program) => {
        const inputs = normalInputs(program, 1)
        const tangents = normalInputs(program, 2)
        const tangent = interpretProgram(jvp(program, [0, 1]), [...inputs, ...tangents])[1]!
        const seed = tangent.map((_, i) => Math.sin(i + 1))
        const [, left, right] = interpretProgram(vjp(program, [0, 1]), [...inputs, seed])
        const expected = inner(seed, tangent)
        const got = inner(left!, tangents[0]!) + inner(right!, tangents[1]!)
        expect(largestError([got], [expected])).toBeLessThan(1e-11)
      }),
      options,
    )
  })

  test('takes a batch axis on either factor and on both', () => {
    fc.assert(
      fc.property(
        convolutions,
        fc.constantFrom([true, false], [false, true], [true, true]),
        (program, flags) => {
          const rows = [normalInputs(program, 3), normalInputs(program, 4)]
          const given = flags.map((flag, i) =>
            flag ? Float32Array.from(rows.flatMap((row) => [...row[i]!])) : rows[0]![i]!,
          )
          const [together] = interpretProgram(batch(program, flags, 2), given)
          const apart = rows.flatMap((row) => {
            const inputs = flags.map((flag, i) => (flag ? row[i]! : rows[0]![i]!))
            return [...interpretProgram(program, inputs)[0]!]
          })
          expect(largestError(together!, apart)).toBeLessThan(1e-11)
        },
      ),
      options,
    )
  })

  test('and its derivatives run natively as in the reference', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, async (program) => {
        const both = vjp(program, [0, 1])
        const inputs = normalInputs(both, 5)
        const executable = await compileProgram(both)
        const native = await executable.run(inputs)
        await executable.release()
        interpretProgram(both, inputs).forEach((expected, i) => {
          expect(largestError(native[i]!, expected)).toBeLessThan(2e-5)
        })
      }),
      { ...options, numRuns: 150 },
    )
  })
})

describe('the derivative by a kernel between values alike in size', () => {
  test.each([
    { padding: [1, 1] },
    { padding: [1, 2], dilation: [1, 2] },
    { padding: [0, 1], stride: [1, 2] },
    { padding: [1, 1], groups: 2 },
  ] as const)('takes rows from one and columns from the other: %o', async (window) => {
    const channels = 6 / ('groups' in window ? window.groups : 1)
    const types = [float32([2, 6, 14, 15]), float32([6, channels, 3, 3])]
    const loss = traceProgram('layer', types, ([x, w]) => [
      ops.reduceSum(ops.sin(conv2d(x!, w!, window))),
    ])
    const slope = gradient(loss, [1])
    const text = lowerProgram(slope).describe().join('\n')
    expect(text).toContain('kernel_shape=[1,3]')
    expect(text).toContain('kernel_shape=[3,1]')
    const inputs = normalInputs(slope, 9)
    const executable = await compileProgram(slope)
    const [native] = await executable.run(inputs)
    await executable.release()
    expect(largestError(native!, interpretProgram(slope, inputs)[0]!)).toBeLessThan(2e-5)
  })
})

describe('a convolution without spatial dimensions', () => {
  test('is refused: it is a dot', () => {
    const axes = { lhsAxes: [0, 1, 2], rhsAxes: [0, 1, 2], outAxes: [0, 1, 2] }
    const window = { strides: [], low: [], high: [], inputDilation: [], kernelDilation: [] }
    const types = [float32([1, 2, 2]), float32([1, 2, 2])]
    expect(() =>
      traceProgram('none', types, ([x, w]) => [conv(x!, w!, { ...axes, ...window })]),
    ).toThrow('wants equal ranks of 4 or more')
  })
})

describe('conv2d', () => {
  test('names what does not fit', () => {
    const types = [float32([1, 3, 4, 4]), float32([2, 2, 3, 3])]
    expect(() =>
      traceProgram('bad', types, ([x, w]) => [conv2d(x!, w!)]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[InputError: conv2d wants [N, C, H, W] and [O, C/1, kh, kw], got [1, 3, 4, 4] and [2, 2, 3, 3]]`,
    )
    expect(() =>
      traceProgram('bad', [float32([1, 2, 2, 2]), types[1]!], ([x, w]) => [conv2d(x!, w!)]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[InputError: conv of f32[1, 1, 2, 2, 2] and f32[1, 2, 2, 3, 3]: a window of 3 does not fit into 2]`,
    )
  })

  test('keeps its products symmetric through two layers', () => {
    const types = [float32([2, 2, 5, 5]), float32([4, 1, 3, 3]), float32([3, 4, 2, 2])]
    const loss = traceProgram('two layers', types, ([x, first, second]) => {
      const hidden = ops.tanh(conv2d(x!, first!, { padding: [1, 1], groups: 2 }))
      return [ops.reduceSum(ops.sin(conv2d(hidden, second!, { stride: [2, 2] })))]
    })
    const inputs = normalInputs(loss, 6)
    const count = sizeOf(types[1]!.shape)
    const [u, v] = [normalInputs(loss, 7), normalInputs(loss, 8)]
    const apply = (t: readonly Float32Array[]) =>
      interpretProgram(hvp(loss, [1, 2], null), [...inputs, t[1]!, t[2]!])
    const [hu, hv] = [apply(u), apply(v)]
    expect(hu[0]).toHaveLength(count)
    const left = inner(hv[0]!, u[1]!) + inner(hv[1]!, u[2]!)
    expect(largestError([left], [inner(hu[0]!, v[1]!) + inner(hu[1]!, v[2]!)])).toBeLessThan(1e-11)
  })
})
