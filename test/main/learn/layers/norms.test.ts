import { expect, test } from 'vitest'
import {
  batchNorm,
  batchNormWithStatistics,
  groupNorm,
  layerNorm,
  type NormParameters,
} from '#learn/layers'
import { createStream, fillNormal } from '#base'
import { mul, reduceSum, traceProgram } from '#tensor/program'
import { compileProgram, interpretProgram } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import { describeLayer, type LayerValues } from '../../../support/layer-fixtures.ts'
import { float32 } from '../../../support/programs.ts'

const scaleOf = ({ optional }: LayerValues): NormParameters => ({
  weight: optional('weight'),
  bias: optional('bias'),
})

describeLayer('layer-norm', (values) => [layerNorm(values.input('x'), scaleOf(values))])
describeLayer('group-norm', (values, { groups }) => [
  groupNorm(values.input('x'), groups, scaleOf(values)),
])
describeLayer('batch-norm', (values) => {
  const { output, mean, variance } = batchNorm(values.input('x'), scaleOf(values))
  return [output, mean, variance]
})
describeLayer('batch-norm-with-statistics', (values) => [
  batchNormWithStatistics(values.input('x'), scaleOf(values), {
    mean: values.input('mean'),
    variance: values.input('variance'),
  }),
])

test('groups that do not divide the channels are refused', () => {
  const trace = () =>
    traceProgram('grouped', [float32([2, 6, 3])], ([x]) => [
      groupNorm(x!, 4, { weight: null, bias: null }),
    ])
  expect(trace).toThrow('groups must divide 6 channels, got 4')
})

const grouped = (shape: readonly number[], groups: number) =>
  traceProgram(
    'grouped',
    [float32(shape), float32([shape[1]!]), float32([shape[1]!])],
    (inputs) => [groupNorm(inputs[0]!, groups, { weight: inputs[1]!, bias: inputs[2]! })],
  )

test('a group norm passes its values nine times in a product of the Hessian', () => {
  // Two products of the value and its tangent, four of the cotangent's; three are summed up for the statistics.
  const shape = [8, 6, 5, 5]
  const program = traceProgram(
    'summed',
    grouped(shape, 3).inputs.map(({ type }) => type),
    (all) => {
      const y = groupNorm(all[0]!, 3, { weight: all[1]!, bias: all[2]! })
      return [reduceSum(mul(y, y))]
    },
  )
  const products = hvp(program, [0, 1, 2], null).equations.filter(
    ({ primitive, output }) =>
      primitive === 'mul' && output.type.shape.reduce((a, b) => a * b, 1) === 8 * 6 * 5 * 5,
  )
  // Of the loss itself: y and its tangent.
  expect(products.length).toBeLessThanOrEqual(9 + 4)
})

test('a mean of many deviations costs as many units of rounding', async () => {
  const [shape, offset] = [[4, 6, 7, 7], 100]
  const x = new Float32Array(4 * 6 * 7 * 7)
  fillNormal(x, createStream(1, 'values'))
  const values = [
    x.map((value) => offset + value),
    new Float32Array(6).fill(1),
    new Float32Array(6),
  ]
  const program = grouped(shape, 2)
  const [exact] = interpretProgram(program, values)
  const executable = await compileProgram(program)
  const [native] = (await executable.run(values)) as [Float32Array]
  await executable.release()
  const worst = native.reduce((most, y, i) => Math.max(most, Math.abs(y - exact![i]!)), 0)
  expect(worst).toBeLessThan(4 * offset * 2 ** -23)
  expect(Math.max(...native)).toBeGreaterThan(2)
})
