import { expect, test } from 'vitest'
import { attention, packedProjections } from '#learn/layers'
import { traceProgram } from '#tensor/program'
import { describeLayer } from '../../../support/layer-fixtures.ts'
import { float32 } from '../../../support/programs.ts'

describeLayer('attention', ({ input, optional }, options) => {
  const projections = packedProjections({
    weight: input('in_proj_weight'),
    bias: optional('in_proj_bias'),
  })
  const output = { weight: input('out_proj_weight'), bias: optional('out_proj_bias') }
  return [
    attention(
      input('x'),
      { ...projections, output },
      { ...options, dropoutMask: optional('dropoutMask') ?? undefined },
    ),
  ]
})

const traceWith = (batchSize: number, heads: number) => () =>
  traceProgram('attended', [float32([6, 4]), float32([4, 4])], ([x, weight]) => {
    const map = { weight: weight!, bias: null }
    const parameters = { query: map, key: map, value: map, output: map }
    return [attention(x!, parameters, { batchSize, heads, isCausal: false })]
  })

test('heads that do not divide the width are refused', () => {
  expect(traceWith(2, 3)).toThrow('heads must divide the width 4, got 3')
})

test('a batch that does not divide the rows is refused', () => {
  expect(traceWith(4, 2)).toThrow('batchSize must divide 6 rows, got 4')
})

test('moves data once: the heads behind the positions before the last map', () => {
  const program = traceWith(2, 2)()
  expect(program.equations.filter(({ primitive }) => primitive === 'transpose')).toHaveLength(1)
})
