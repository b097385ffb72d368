import { expect, test } from 'vitest'
import {
  batchNorm,
  batchNormWithStatistics,
  groupNorm,
  layerNorm,
  type NormParameters,
} from '#learn/layers'
import { traceProgram } from '#tensor/program'
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
