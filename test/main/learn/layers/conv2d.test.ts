import { conv2d } from '#learn/layers'
import { describeLayer } from '../../../support/layer-fixtures.ts'

describeLayer('conv2d', ({ input, optional }, window) => [
  conv2d(input('x'), { weight: input('weight'), bias: optional('bias') }, window),
])
