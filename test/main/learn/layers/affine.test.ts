import { affine } from '#learn/layers'
import { describeLayer } from '../../../support/layer-fixtures.ts'

describeLayer('affine', ({ input, optional }) => [
  affine(input('x'), { weight: input('weight'), bias: optional('bias') }),
])
