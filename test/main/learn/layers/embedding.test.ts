import { expect, test } from 'vitest'
import { embedding, positionalEmbedding } from '#learn/layers'
import { traceProgram } from '#tensor/program'
import { describeLayer } from '../../../support/layer-fixtures.ts'
import { float32 } from '../../../support/programs.ts'

describeLayer('embedding', ({ input }) => [embedding(input('weight'), input('indices'))])
describeLayer('positional-embedding', ({ input }, { time }) => [
  positionalEmbedding(input('x'), input('weight'), time),
])

test('a sequence longer than the context is refused', () => {
  const trace = () =>
    traceProgram('placed', [float32([6, 4]), float32([2, 4])], ([x, weight]) => [
      positionalEmbedding(x!, weight!, 3),
    ])
  expect(trace).toThrow('time must divide 6 rows and be at most 2, got 3')
})
