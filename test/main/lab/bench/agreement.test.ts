import { describe, expect, it } from 'vitest'
import { DisagreementError } from '#lab/bench'
import { onnxRuntime } from '#tensor/runtime'
import {
  compareFigures,
  ownFigures,
  relativeDeviation,
} from '../../../../src-main/lab/bench/agreement.ts'
import { normals } from '../../../../src-main/lab/bench/workloads/batch-data.ts'
import { tinyWorkloads } from './tiny-workloads.ts'

const workload = tinyWorkloads[0]!
const instance = workload.create(0)
const direction = normals(instance.layout.size, 0, 'direction')
const own = await ownFigures(instance, direction, onnxRuntime())
const echo = {
  loss: own.loss,
  gradient: own.gradient,
  products: new Map([['vmap', own.product]] as const),
  failures: new Map(),
}

describe('relativeDeviation', () => {
  it('is the norm of the difference over that of the second', () => {
    expect(relativeDeviation([3, 4.5], [3, 4])).toBeCloseTo(0.1, 12)
  })

  it('of anything that is not finite or not as long is infinite', () => {
    expect(relativeDeviation([NaN, 1], [1, 1])).toBe(Infinity)
    expect(relativeDeviation([1], [1, 1])).toBe(Infinity)
    expect(relativeDeviation([1, 1, 1], [1, 1])).toBe(Infinity)
  })
})

describe('compareFigures', () => {
  it('gives a deviation of each figure where the sides agree', () => {
    expect(compareFigures(workload, own, echo)).toEqual({
      loss: 0,
      gradient: 0,
      'product by vmap': 0,
    })
  })

  it('refuses a product of another matrix, naming workload, figure and deviation', () => {
    const doubled = own.product.map((value) => 2 * value)
    const wrong = { ...echo, products: new Map([['vmap', doubled]] as const) }
    expect(() => compareFigures(workload, own, wrong)).toThrow(DisagreementError)
    expect(() => compareFigures(workload, own, wrong)).toThrow(
      "perceptron: the peer's product by vmap deviates from ours by 1.0e+0, more than 1e-4; nothing was timed",
    )
  })

  it('refuses a gradient that is off by a part in a thousand', () => {
    const gradient = own.gradient.map((value) => 1.001 * value)
    expect(() => compareFigures(workload, own, { ...echo, gradient })).toThrow(/peer's gradient/)
  })
})

describe('ownFigures', () => {
  it('has the product that central differences of the gradient have', async () => {
    const step = 1e-2
    const at = async (sign: number) => {
      const moved = instance.initialParameters.map(
        (value, i) => value + sign * step * direction[i]!,
      )
      const { gradient } = await ownFigures(
        { ...instance, initialParameters: moved },
        direction,
        onnxRuntime(),
      )
      return gradient
    }
    const [ahead, behind] = [await at(1), await at(-1)]
    const difference = ahead.map((value, i) => (value - behind[i]!) / (2 * step))
    expect(relativeDeviation(difference, own.product)).toBeLessThan(1e-2)
  })
})
