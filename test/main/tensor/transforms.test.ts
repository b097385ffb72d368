import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  matmulTransposed,
  printProgram,
  reduceSum,
  simplifyProgram,
  tanh,
  traceProgram,
  type Program,
} from '#tensor/program'
import { compileProgram, interpretProgram } from '#tensor/runtime'
import { batch, gradient, hvp, jvp, linearize, valueAndGradient } from '#tensor/transforms'
import { float32, largestError, normalInputs, scalarPrograms } from '../../support/programs.ts'

const options = { numRuns: 120, seed: 20 }
const wrt = [0, 1]

/** Inputs moved by step·tangent, in float64. */
const moved = (
  inputs: readonly ArrayLike<number>[],
  tangents: readonly ArrayLike<number>[],
  step: number,
) => inputs.map((input, i) => Float64Array.from(input, (x, j) => x + step * tangents[i]![j]!))

const inner = (a: readonly Float64Array[], b: readonly ArrayLike<number>[]): number =>
  a.reduce((sum, part, i) => sum + part.reduce((s, x, j) => s + x * b[i]![j]!, 0), 0)

/** Kinks make differences meaningless where they fall between the two points; the rules there are tested apart. */
const isSmoothAt = (program: Program, inputs: readonly Float32Array[]): boolean => {
  const g = gradient(program, wrt)
  const near = interpretProgram(g, moved(inputs, inputs, 1e-4)).flatMap((part) => [...part])
  const here = interpretProgram(g, inputs).flatMap((part) => [...part])
  return near.every((x, i) => Math.abs(x - here[i]!) < 1e-2)
}

describe('jvp', () => {
  test('matches central differences in float64', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        const inputs = normalInputs(program, 1)
        // A stopped gradient is meant to differ from the difference quotient.
        fc.pre(program.equations.every(({ primitive }) => primitive !== 'stopGradient'))
        fc.pre(isSmoothAt(program, inputs))
        const tangents = normalInputs(program, 2)
        const step = 1e-6
        const up = interpretProgram(program, moved(inputs, tangents, step))[0]![0]!
        const down = interpretProgram(program, moved(inputs, tangents, -step))[0]![0]!
        const slope = interpretProgram(jvp(program, wrt), [...inputs, ...tangents])[1]![0]!
        expect(largestError([slope], [(up - down) / (2 * step)])).toBeLessThan(1e-6)
      }),
      options,
    )
  })
})

describe('valueAndGradient', () => {
  test('pairs with a tangent to the same slope as jvp', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        const inputs = normalInputs(program, 3)
        const tangents = normalInputs(program, 4)
        const slope = interpretProgram(jvp(program, wrt), [...inputs, ...tangents])[1]![0]!
        const [value, ...gradients] = interpretProgram(valueAndGradient(program, wrt), inputs)
        expect(value).toEqual(interpretProgram(program, inputs)[0])
        expect(largestError([inner(gradients, tangents)], [slope])).toBeLessThan(1e-11)
      }),
      options,
    )
  })
})

describe('hvp', () => {
  test('is symmetric: ⟨u, Hv⟩ = ⟨v, Hu⟩', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        const inputs = normalInputs(program, 5)
        const [u, v] = [normalInputs(program, 6), normalInputs(program, 7)]
        const product = hvp(program, wrt, null)
        const hu = interpretProgram(product, [...inputs, ...u])
        const hv = interpretProgram(product, [...inputs, ...v])
        expect(largestError([inner(hv, u)], [inner(hu, v)])).toBeLessThan(1e-10)
      }),
      options,
    )
  })

  test('forward over reverse equals reverse over forward', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        const inputs = normalInputs(program, 8)
        const v = normalInputs(program, 9)
        const slope = jvp(program, wrt)
        const reverse = gradient({ ...slope, outputs: slope.outputs.slice(1) }, wrt)
        const expected = interpretProgram(reverse, [...inputs, ...v])
        const got = interpretProgram(hvp(program, wrt, null), [...inputs, ...v])
        got.forEach((part, i) => expect(largestError(part, expected[i]!)).toBeLessThan(1e-10))
      }),
      options,
    )
  })

  test('of a block equals the stacked single products', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        const inputs = normalInputs(program, 10)
        const rows = [
          normalInputs(program, 11),
          normalInputs(program, 12),
          normalInputs(program, 13),
        ]
        const stacked = [0, 1].map((i) => Float32Array.from(rows.flatMap((row) => [...row[i]!])))
        const block = interpretProgram(hvp(program, wrt, 3), [...inputs, ...stacked])
        const single = rows.map((row) =>
          interpretProgram(hvp(program, wrt, null), [...inputs, ...row]),
        )
        block.forEach((part, i) => {
          const expected = single.flatMap((row) => [...row[i]!])
          expect(largestError(part, expected)).toBeLessThan(1e-11)
        })
      }),
      options,
    )
  })
})

describe('batch', () => {
  test('equals one call a row when every input is batched', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        const rows = [normalInputs(program, 14), normalInputs(program, 15)]
        const stacked = [0, 1].map((i) => Float32Array.from(rows.flatMap((row) => [...row[i]!])))
        const together = interpretProgram(batch(gradient(program, wrt), [true, true], 2), stacked)
        const apart = rows.map((row) => interpretProgram(gradient(program, wrt), row))
        together.forEach((part, i) => {
          const expected = apart.flatMap((row) => [...row[i]!])
          expect(largestError(part, expected)).toBeLessThan(1e-12)
        })
      }),
      options,
    )
  })
})

describe('linearize', () => {
  test('gives in two halves what the whole gives, and the second is linear', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        const inputs = normalInputs(program, 20)
        const whole = hvp(program, wrt, null)
        const { primal, tangent } = linearize(whole, [2, 3])
        const residuals = interpretProgram(primal, inputs)
        const apply = (v: readonly ArrayLike<number>[]) =>
          interpretProgram(tangent, [...inputs, ...residuals, ...v])
        const [u, v] = [normalInputs(program, 21), normalInputs(program, 22)]
        const [hu, hv] = [apply(u), apply(v)]
        const expected = interpretProgram(whole, [...inputs, ...u])
        const sum = apply(moved(u, v, 2))
        expected.forEach((part, i) => {
          expect(largestError(hu[i]!, part)).toBe(0)
          const combined = hu[i]!.map((x, j) => x + 2 * hv[i]![j]!)
          expect(largestError(sum[i]!, combined)).toBeLessThan(1e-10)
        })
      }),
      options,
    )
  })

  test('leaves nothing to the tangents that does not depend on them', () => {
    const layer = traceProgram('layer', [float32([3, 4]), float32([5, 4])], ([x, w]) => [
      reduceSum(tanh(matmulTransposed(x!, w!))),
    ])
    const { primal, tangent } = linearize(hvp(layer, [1], null), [2])
    expect(printProgram(primal)).toMatchInlineSnapshot(`
      "primal(hvp(layer))(a: f32[3, 4], b: f32[5, 4]) {
        c: f32[3, 5] = dot[lhsContract=[1] rhsContract=[1] lhsBatch=[] rhsBatch=[]] a b
        d: f32[3, 5] = tanh[order=2] c
        return d
      }"
    `)
    expect(printProgram(tangent)).toMatchInlineSnapshot(`
      "tangent(hvp(layer))(a: f32[3, 4], b: f32[5, 4], c: f32[3, 5], d: f32[5, 4]) {
        e: f32[3, 5] = dot[lhsContract=[1] rhsContract=[1] lhsBatch=[] rhsBatch=[]] a d
        f: f32[3, 5] = mul c e
        g: f32[5, 4] = dot[lhsContract=[0] rhsContract=[0] lhsBatch=[] rhsBatch=[]] f a
        return g
      }"
    `)
  })
})

describe('simplifyProgram', () => {
  test('changes no value', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        const inputs = normalInputs(program, 16)
        const raw = valueAndGradient(program, wrt)
        const expected = interpretProgram(raw, inputs)
        const got = interpretProgram(simplifyProgram(raw), inputs)
        got.forEach((part, i) => expect(largestError(part, expected[i]!)).toBeLessThan(1e-12))
        expect(simplifyProgram(raw).equations.length).toBeLessThanOrEqual(raw.equations.length)
      }),
      options,
    )
  })
})

describe('compileProgram', () => {
  test('gives what the reference interpreter gives, to float32 accuracy', async () => {
    await fc.assert(
      fc.asyncProperty(scalarPrograms, async (program) => {
        const rows = [normalInputs(program, 17), normalInputs(program, 18)]
        const tangents = [0, 1].map((i) => Float32Array.from(rows.flatMap((row) => [...row[i]!])))
        const inputs = normalInputs(program, 19)
        for (const [candidate, given] of [
          [valueAndGradient(program, wrt), inputs],
          [hvp(program, wrt, 2), [...inputs, ...tangents]],
        ] as const) {
          const executable = await compileProgram(candidate)
          const native = await executable.run(given)
          await executable.release()
          interpretProgram(candidate, given).forEach((expected, i) => {
            const scale = Math.max(1, ...expected.map(Math.abs))
            expect(largestError(native[i]!, expected) / scale).toBeLessThan(2e-4)
          })
        }
      }),
      { numRuns: 60, seed: 21 },
    )
  })
})
