import { describe, expect, test } from 'vitest'
import {
  argmax,
  binaryPrimitives,
  equal,
  countOperations,
  isElementwise,
  reduceMean,
  scatterAdd,
  shapeRules,
  traceProgram,
  unaryPrimitives,
  type Tracer,
} from '#tensor/program'
import { compileProgram, interpretProgram, loweringRules, referenceRules } from '#tensor/runtime'
import { batchRules, gradient, jvpRules, vjp, vjpRules } from '#tensor/transforms'
import { float32, largestError, normalInputs } from '../../support/programs.ts'

const tables = { shapeRules, jvpRules, vjpRules, batchRules, referenceRules, loweringRules }
const primitives = Object.keys(shapeRules).sort()

describe('the closed list of primitives', () => {
  test.each(Object.entries(tables))('is covered whole by %s', (_, table) => {
    expect(Object.keys(table).sort()).toEqual(primitives)
  })

  test('holds the elementwise ones that say they are', () => {
    for (const name of [...unaryPrimitives, ...binaryPrimitives]) {
      expect(isElementwise(name)).toBe(true)
      expect(primitives).toContain(name)
    }
  })
})

describe('the derivative of', () => {
  const derivativeAt = (f: (x: Tracer) => Tracer, at: number[]) => {
    const program = traceProgram('f', [float32([at.length])], ([x]) => [f(x!)])
    return [...interpretProgram(gradient(program, [0]), [at])[0]!]
  }

  test('a mean is one over the count', () => {
    expect(derivativeAt((x) => reduceMean(x), [1, 2, 3, 4])).toEqual([0.25, 0.25, 0.25, 0.25])
  })
})

describe('vjp', () => {
  test('takes one cotangent an output and gives Jᵀȳ', () => {
    const program = traceProgram('double', [float32([2])], ([x]) => [x!, reduceMean(x!)])
    const [, , share] = interpretProgram(vjp(program, [0]), [[3, 5], [1, 2], [4]])
    expect([...share!]).toEqual([1 + 2, 2 + 2])
  })
})

describe('argmax and equal', () => {
  test('agree natively with the reference, ties going to the first', async () => {
    const program = traceProgram('argmax', [float32([3, 4])], ([x]) => [
      argmax(x!, 1),
      equal(x!, x!),
    ])
    const executable = await compileProgram(program)
    const input = Float32Array.of(1, 3, 3, 2, -1, -1, -2, -3, 0, 0, 0, 5)
    const native = await executable.run([input])
    await executable.release()
    const expected = interpretProgram(program, [input])
    expect([...native[0]!]).toEqual([1, 0, 3])
    native.forEach((part, i) => expect(largestError(part, expected[i]!)).toBe(0))
  })
})

describe('scatterAdd', () => {
  // Few rows that occur often, few and many of them: runtimes that add in parallel lose some.
  test.each([
    [40, 20_000],
    [3000, 20_000],
  ])('counts every one of many equal indices, %i rows of %i', async (extent, count) => {
    const types = [float32([count, 64]), { dtype: 'int32', shape: [count] } as const]
    const program = traceProgram('scatter', types, ([x, i]) => [scatterAdd(x!, i!, 0, extent)])
    const updates = new Float32Array(count * 64).fill(1)
    const indices = Int32Array.from({ length: count }, (_, i) => i % 3)
    const executable = await compileProgram(program)
    for (let repeat = 0; repeat < 5; repeat += 1) {
      const [native] = await executable.run([updates, indices])
      expect(native).toEqual(Float32Array.from(interpretProgram(program, [updates, indices])[0]!))
    }
    await executable.release()
  })
})

describe('countOperations', () => {
  test('counts two a multiply-add of a contraction and one an elementwise entry', () => {
    const program = traceProgram('mean', [float32([8])], ([x]) => [reduceMean(x!)])
    expect(normalInputs(program, 1)[0]).toHaveLength(8)
    expect(countOperations(program)).toBe(1)
  })
})
