import { expect, test } from 'vitest'
import { subsample2d } from '#learn/layers'
import { traceProgram } from '#tensor/program'
import { interpretProgram } from '#tensor/runtime'
import { float32 } from '../../../support/programs.ts'

test.each([
  [1, 4, 5],
  [2, 4, 6],
  [2, 5, 3],
  [3, 7, 8],
  [4, 2, 3],
])('every %i-th row and column of %i×%i from the first', (stride, height, width) => {
  const program = traceProgram('subsample', [float32([2, 1, height, width])], ([x]) => [
    subsample2d(x!, stride),
  ])
  const values = Float32Array.from({ length: 2 * height * width }, (_, i) => i)
  const expected = [...values].filter((_, i) => {
    const [row, column] = [Math.floor(i / width) % height, i % width]
    return row % stride === 0 && column % stride === 0
  })
  expect([...interpretProgram(program, [values])[0]!]).toEqual(expected)
  expect(program.outputs[0]!.type.shape).toEqual([
    2,
    1,
    Math.ceil(height / stride),
    Math.ceil(width / stride),
  ])
})
