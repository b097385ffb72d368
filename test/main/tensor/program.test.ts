import { describe, expect, test } from 'vitest'
import {
  add,
  broadcastInto,
  dot,
  Graph,
  matmulTransposed,
  maximum,
  minimum,
  mul,
  printProgram,
  reduceSum,
  reshape,
  simplifyProgram,
  tanh,
  traceProgram,
  typecheckProgram,
} from '#tensor/program'
import { compileProgram, interpretProgram, lowerProgram } from '#tensor/runtime'
import { gradient, hvp } from '#tensor/transforms'
import { float32, largestError, normalInputs } from '../../support/programs.ts'

const layer = traceProgram('layer', [float32([2, 3]), float32([4, 3])], ([x, w]) => [
  reduceSum(tanh(matmulTransposed(x!, w!))),
])

describe('printProgram', () => {
  test('shows inputs, equations and outputs with their types', () => {
    expect(printProgram(layer)).toMatchInlineSnapshot(`
      "layer(a: f32[2, 3], b: f32[4, 3]) {
        c: f32[2, 4] = dot[lhsContract=[1] rhsContract=[1] lhsBatch=[] rhsBatch=[]] a b
        d: f32[2, 4] = tanh[order=0] c
        e: f32[] = reduceSum[axes=[0,1]] d
        return e
      }"
    `)
  })

  test('shows a Hessian-vector product in which what stays meets before the tangent', () => {
    expect(printProgram(hvp(layer, [1], null))).toMatchInlineSnapshot(`
      "hvp(layer)(a: f32[2, 3], b: f32[4, 3], c: f32[4, 3]) {
        d: f32[2, 4] = dot[lhsContract=[1] rhsContract=[1] lhsBatch=[] rhsBatch=[]] a b
        e: f32[2, 4] = dot[lhsContract=[1] rhsContract=[1] lhsBatch=[] rhsBatch=[]] a c
        f: f32[2, 4] = tanh[order=2] d
        g: f32[2, 4] = mul f e
        h: f32[4, 3] = dot[lhsContract=[0] rhsContract=[0] lhsBatch=[] rhsBatch=[]] g a
        return h
      }"
    `)
  })
})

describe('simplifyProgram', () => {
  test('shares equal equations and drops unread ones', () => {
    const program = traceProgram('twice', [float32([3])], ([x]) => {
      mul(x!, 3)
      return [add(mul(x!, x!), mul(x!, x!))]
    })
    expect(simplifyProgram(program).equations.map((e) => e.primitive)).toEqual(['mul', 'add'])
  })

  test('folds constants, zeros and ones', () => {
    const program = traceProgram('fold', [float32([3])], ([x]) => [
      add(mul(x!, 1), mul(add(mul(x!, 0), 2), 3)),
    ])
    const simple = simplifyProgram(program)
    expect(simple.equations.map((e) => e.primitive)).toEqual(['constant', 'add'])
    expect(interpretProgram(simple, [[1, 2, 3]])).toEqual([Float64Array.of(7, 8, 9)])
  })
})

describe('tracing', () => {
  test('names both shapes when they do not combine', () => {
    expect(() =>
      traceProgram('bad', [float32([2, 3]), float32([4])], ([x, y]) => [add(x!, y!)]),
    ).toThrowErrorMatchingInlineSnapshot(`[InputError: cannot combine [2, 3] with [4]]`)
  })

  test('names both factors when a contraction does not fit', () => {
    expect(() =>
      traceProgram('bad', [float32([2, 3]), float32([4, 2])], ([x, y]) => [
        matmulTransposed(x!, y!),
      ]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[InputError: dot cannot contract f32[2, 3] over [1] with f32[4, 2] over [1]]`,
    )
  })

  test('refuses to mix values of two programs', () => {
    const other = new Graph().input(float32([3]))
    expect(() => traceProgram('mixed', [float32([3])], ([x]) => [add(x!, other)])).toThrow(
      'mixes values of two programs',
    )
  })

  test('refuses a reshape that changes the number of entries', () => {
    expect(() => traceProgram('bad', [float32([2, 3])], ([x]) => [reshape(x!, [4])])).toThrow(
      'reshape target must have shape of 6 entries, got [4]',
    )
  })

  test('is checked again by typecheckProgram, which finds a broken program', () => {
    const [first, ...rest] = layer.equations
    expect(() => {
      typecheckProgram({ ...layer, equations: rest })
    }).toThrow('internal: program layer, equation 0: tanh reads a variable')
    expect(() => {
      typecheckProgram({ ...layer, equations: [first!, first!, ...rest] })
    }).toThrow('assigns a variable twice')
  })
})

describe('lowering of dot', () => {
  const cases = [
    { lhs: [5, 3], rhs: [3, 4], lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] },
    { lhs: [5, 3], rhs: [4, 3], lhsContract: [1], rhsContract: [1], lhsBatch: [], rhsBatch: [] },
    { lhs: [3, 5], rhs: [3, 4], lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] },
    { lhs: [2, 3, 5], rhs: [3, 4], lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] },
    {
      lhs: [2, 3, 5],
      rhs: [2, 4, 3],
      lhsContract: [1],
      rhsContract: [2],
      lhsBatch: [0],
      rhsBatch: [0],
    },
    {
      lhs: [2, 3, 5],
      rhs: [4, 3, 2],
      lhsContract: [1, 0],
      rhsContract: [1, 2],
      lhsBatch: [],
      rhsBatch: [],
    },
    { lhs: [3, 2, 5], rhs: [4, 2], lhsContract: [1], rhsContract: [1], lhsBatch: [], rhsBatch: [] },
    { lhs: [3, 2, 5], rhs: [2], lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] },
    { lhs: [5], rhs: [5], lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] },
    { lhs: [2], rhs: [3], lhsContract: [], rhsContract: [], lhsBatch: [], rhsBatch: [] },
    {
      lhs: [2, 6, 3, 4],
      rhs: [6, 2, 5, 4],
      lhsContract: [3],
      rhsContract: [3],
      lhsBatch: [0, 1],
      rhsBatch: [1, 0],
    },
  ]
  test.each(cases)('contracts $lhs over $lhsContract with $rhs over $rhsContract', async (c) => {
    const program = traceProgram('dot', [float32(c.lhs), float32(c.rhs)], ([x, y]) => [
      dot(x!, y!, c),
    ])
    const inputs = normalInputs(program, 1, 1)
    const executable = await compileProgram(program)
    const [native] = await executable.run(inputs)
    await executable.release()
    expect(largestError(native!, interpretProgram(program, inputs)[0]!)).toBeLessThan(1e-5)
  })

  test('moves no data for a dense layer: its gradient and products hold no Transpose', () => {
    for (const program of [gradient(layer, [0, 1]), hvp(layer, [1], 3)]) {
      const moved = lowerProgram(program)
        .describe()
        .filter((line) => line.includes('Transpose'))
      expect(moved).toEqual([])
    }
  })
})

describe('found by review', () => {
  test('a repeated left factor whose contraction lies between free dimensions is counted in full', async () => {
    const program = traceProgram('repeated', [float32([3, 2]), float32([3, 5])], ([x, y]) => {
      const repeated = broadcastInto(x!, [4, 3, 2], [1, 2])
      const params = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] }
      return [reduceSum(dot(repeated, y!, params))]
    })
    const inputs = [
      Float32Array.from([1, 2, 3, 4, 5, 6]),
      Float32Array.from({ length: 15 }, (_, i) => i),
    ]
    const executable = await compileProgram(program)
    const [native] = await executable.run(inputs)
    await executable.release()
    expect(native![0]).toBe(3740)
    expect(interpretProgram(program, inputs)[0]![0]).toBe(3740)
  })

  test('constants that JSON writes alike stay apart', () => {
    const program = traceProgram('infinite', [float32([2])], ([x]) => [
      maximum(x!, -Infinity),
      minimum(x!, Infinity),
    ])
    const [a, b] = interpretProgram(simplifyProgram(program), [[1, 2]])
    expect([...a!, ...b!]).toEqual([1, 2, 1, 2])
  })
})
