import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { createHessianOperator } from '#geometry/curvature'
import { createLayout, sizeOf } from '#tensor/dense'
import { matmulTransposed, mul, reduceSum, tanh, traceProgram } from '#tensor/program'
import { hvp } from '#tensor/transforms'
import { planProduct } from '../../../../src-main/geometry/curvature/linear-sum.ts'
import { float32, largestError } from '../../../support/programs.ts'

const shapes = [
  [16, 12],
  [8, 16],
]
const layout = createLayout(shapes.map((shape, i) => ({ name: `w${i}`, shape })))
const loss = traceProgram('net', [...shapes.map(float32), float32([20, 12])], ([w, u, x]) => {
  const outputs = matmulTransposed(tanh(matmulTransposed(x!, w!)), u!)
  return [reduceSum(mul(outputs, outputs))]
})
const draw = (size: number, name: string): Float32Array => {
  const values = new Float32Array(size)
  fillNormal(values, createStream(4, name))
  return values.map((x) => 0.3 * x)
}
const batches = [[draw(240, 'first')], [draw(240, 'second')]]
const parameters = draw(layout.size, 'parameters')

describe('products with kept residuals', () => {
  test('equal those that recompute them, over several batches and block sizes', async () => {
    const v = draw(5 * layout.size, 'v')
    const results = []
    for (const residualMemory of [0, 1e9]) {
      const options = { loss, layout, parameters, batches, rows: 4, residualMemory }
      const operator = await createHessianOperator(options)
      const products = new Float32Array(v.length)
      await operator.apply(v, 5, products)
      await operator.apply(v, 5, products)
      results.push(products)
      await operator.release()
    }
    expect(Math.max(...results[0]!)).toBeGreaterThan(1)
    expect(largestError(results[1]!, results[0]!)).toBeLessThan(1e-5)
  })

  test('are planned by memory and by what they save', () => {
    const plan = (rows: number | null, memory: number) =>
      planProduct(hvp(loss, [0, 1], rows), [3, 4], 2, memory)
    const single = plan(null, 1e9)
    const residuals = single.linearized!.primal.outputs
    const bytes = residuals.reduce((sum, { type }) => sum + 4 * sizeOf(type.shape), 0)
    expect(single.residualBytes).toBe(2 * bytes)
    expect(plan(null, single.residualBytes - 1).linearized).toBeNull()
    expect(plan(2, 1e9).linearized).not.toBeNull()
    // A wide block shares what is recomputed among its rows.
    expect(plan(64, 1e9).linearized).toBeNull()
  })

  test('need no residuals where the Hessian is constant', async () => {
    const quadratic = traceProgram('square', [float32([4])], ([x]) => [reduceSum(mul(x!, x!))])
    const operator = await createHessianOperator({
      loss: quadratic,
      layout: createLayout([{ name: 'x', shape: [4] }]),
      parameters: Float32Array.of(1, 2, 3, 4),
      batches: [[]],
    })
    const product = new Float32Array(4)
    await operator.apply(Float32Array.of(1, -1, 2, 0), 1, product)
    expect([...product]).toEqual([2, -2, 4, 0])
    await operator.release()
  })
})
