import { expect, test } from 'vitest'
import { dropout } from '#learn/layers'
import { reduceSum, traceProgram } from '#tensor/program'
import { interpretProgram } from '#tensor/runtime'
import { valueAndGradient } from '#tensor/transforms'
import { float32 } from '../../../support/programs.ts'

test('dropout passes value and derivative through the mask', () => {
  const program = traceProgram('dropped', [float32([2, 2]), float32([2, 2])], ([x, mask]) => {
    const kept = dropout(x!, mask!)
    return [reduceSum(kept), kept]
  })
  const mask = [2, 0, 0, 2]
  const [, kept, slope] = interpretProgram(valueAndGradient(program, [0]), [[1, 2, 3, 4], mask])
  expect([...kept!]).toEqual([2, 0, 0, 8])
  expect([...slope!]).toEqual(mask)
})
