import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { createHessianOperator, createNativeSpace } from '#geometry/curvature'
import { estimateDensity } from '#geometry/spectral'
import { float64Space, type Vector } from '#geometry/operators'
import { createLayout } from '#tensor/dense'
import { mul, reduceSum, sin, traceProgram } from '#tensor/program'
import { float32, largestError } from '../../../support/programs.ts'

const size = 1003
const draw = (rows: number, name: string): Float32Array => {
  const block = new Float32Array(rows * size)
  fillNormal(block, createStream(1, name))
  return block
}
const coefficients = Float64Array.from({ length: 6 }, (_, i) => Math.cos(i))

describe('the native vector space', () => {
  test('agrees with the plain float64 one in every operation', async () => {
    const native = await createNativeSpace(size)
    const plain = float64Space(size)
    const [a, b] = [draw(2, 'a'), draw(3, 'b')]
    const wide = (vector: Vector): Float64Array => Float64Array.from(vector)
    const inner = await native.innerProducts(a, 2, b, 3)
    expect(largestError(inner, await plain.innerProducts(wide(a), 2, wide(b), 3))).toBeLessThan(
      1e-4,
    )

    const [target, expected] = [a.slice(), wide(a)]
    await native.addCombination(target, 2, coefficients, b, 3)
    await plain.addCombination(expected, 2, coefficients, wide(b), 3)
    expect(largestError(target, expected)).toBeLessThan(1e-6)

    await native.setCombination(target, 2, coefficients, b, 3)
    await plain.setCombination(expected, 2, coefficients, wide(b), 3)
    expect(largestError(target, expected)).toBeLessThan(1e-6)
    await native.release()
  })

  test('leaves rows beyond those named alone', async () => {
    const native = await createNativeSpace(size)
    const [target, b] = [draw(3, 'target'), draw(3, 'b')]
    const before = target.slice(2 * size)
    await native.addCombination(target, 2, coefficients, b, 3)
    expect(target.slice(2 * size)).toEqual(before)
    await native.release()
  })
})

describe('the Hessian operator', () => {
  test('names the parameters when they do not fit the layout', async () => {
    const loss = traceProgram('sine', [float32([4])], ([x]) => [reduceSum(mul(sin(x!), x!))])
    await expect(
      createHessianOperator({
        loss,
        layout: createLayout([{ name: 'x', shape: [4] }]),
        parameters: new Float32Array(5),
        batches: [[]],
      }),
    ).rejects.toThrow('parameters must have shape [4], got [5]')
  })

  test('gives equal bytes for equal products', async () => {
    const loss = traceProgram('sine', [float32([4])], ([x]) => [reduceSum(mul(sin(x!), x!))])
    const operator = await createHessianOperator({
      loss,
      layout: createLayout([{ name: 'x', shape: [4] }]),
      parameters: Float32Array.of(1, 2, 3, 4),
      batches: [[]],
      rows: 2,
    })
    const v = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i))
    const [first, second] = [new Float32Array(12), new Float32Array(12)]
    await operator.apply(v, 3, first)
    await operator.apply(v, 3, second)
    expect(second).toEqual(first)
    await operator.release()
  })
})

describe('stochastic Lanczos quadrature in float32', () => {
  test('does not lose a bulk 10⁶ times smaller than an outlier', async () => {
    const space = await createNativeSpace(400)
    const values = Float32Array.from({ length: 400 }, (_, i) => (i === 0 ? 1e6 : (i - 200) / 200))
    const { nodes } = await estimateDensity(
      {
        size: 400,
        space,
        preferredRows: 2,
        apply: (input, rows, output) => {
          for (let i = 0; i < rows * 400; i += 1) output[i] = values[i % 400]! * input[i]!
          return Promise.resolve()
        },
      },
      { probes: 2, steps: 60, stream: createStream(1, 'outlier') },
    )
    await space.release()
    for (const row of nodes) {
      expect(row).toHaveLength(60)
      expect(Math.abs(row[0]! + 0.995)).toBeLessThan(0.02)
    }
  })
})
