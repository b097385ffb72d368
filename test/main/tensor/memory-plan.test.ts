import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sizeOf, type Dtype } from '#tensor/dense'
import {
  add,
  conv2d,
  greater,
  mul,
  reduceSum,
  reshape,
  select,
  slice,
  tanh,
  traceProgram,
  type Program,
  type Tracer,
} from '#tensor/program'
import { lowerProgram, planProgram } from '#tensor/runtime'
import { gradient, hvp } from '#tensor/transforms'
import { readGraph } from '../../../src-main/tensor/runtime/memory-graph.ts'
import { conformancePrograms } from '../../support/conformance.ts'
import { float32, scalarPrograms } from '../../support/programs.ts'

const entryBytes: Readonly<Record<Dtype, number>> = { float32: 4, float64: 8, int32: 4, bool: 1 }

/** Bytes of each output, by the shape rules of the graph; equal outputs once. */
function graphOutputs(program: Program): number[] {
  const { outputs, bytes } = readGraph(lowerProgram(program).encode('plan'))
  return [...outputs].map((name) => bytes.get(name)!)
}
const programOutputs = (program: Program): number[] =>
  program.outputs.map(({ type }) => entryBytes[type.dtype] * sizeOf(type.shape))

describe('shapes of a lowered graph', () => {
  test.each(conformancePrograms.map(({ name, program }) => ({ name, program })))(
    'end in those of the program: $name',
    ({ program }) => {
      const [got, expected] = [graphOutputs(program), programOutputs(program)]
      expect(got.length).toBeGreaterThan(0)
      if (got.length === expected.length) expect(got).toEqual(expected)
      else for (const bytes of got) expect(expected).toContain(bytes)
    },
  )

  test('end in those of random gradients and products', () => {
    fc.assert(
      fc.property(scalarPrograms, (program) => {
        for (const derived of [gradient(program, [0]), hvp(program, [0], 3)]) {
          expect(graphOutputs(derived)).toEqual(programOutputs(derived))
        }
      }),
      { numRuns: 50 },
    )
  })
})

const size = 2 ** 20
/** Workspace of a sum over a map of 2²⁰ entries, in values of that size, beside the margin. */
function values(map: (x: Tracer) => Tracer): number {
  const planOf = (f: (x: Tracer) => Tracer): number =>
    planProgram(traceProgram('f', [float32([size])], ([x]) => [reduceSum(f(x!))])).workspace
  return planOf(map) / planOf((x) => mul(x, 3))
}

/** Two convolutions of 16 channels with kernels of 3 taps, added. */
function sumOfConvolutions(x: Tracer): Tracer {
  const images = reshape(x, [size / 2 ** 14, 16, 32, 32])
  const convolved = (start: number): Tracer => {
    const kernel = reshape(slice(x, [start], [start + 16 * 16 * 3]), [16, 16, 1, 3])
    return conv2d(images, kernel, { padding: [0, 1] })
  }
  return add(convolved(0), convolved(1))
}

describe('the planned workspace', () => {
  test.each<[string, number, (x: Tracer) => Tracer]>([
    ['a sum over an input needs none', 0, (x) => x],
    [
      'a buffer is used again when its value is read for the last time',
      2,
      (x) => mul(mul(mul(mul(x, x), x), x), x),
    ],
    ['tanh overwrites what only it reads', 1, (x) => tanh(mul(x, x))],
    ['and does not overwrite an input', 1, (x) => tanh(x)],
    ['a reshape is no new value', 1, (x) => reshape(mul(x, x), [size / 4, 4])],
    [
      'a value read later stays',
      3,
      (x) => {
        const square = mul(x, x)
        return mul(mul(mul(square, x), x), square)
      },
    ],
    // The image in blocks, and one result: the second is computed onto the first.
    ['a sum of two convolutions takes two values', 2, (x) => sumOfConvolutions(x)],
    // The bools take a quarter, and the runtime writes both choices out.
    ['a choice takes three values and its condition', 3.25, (x) => select(greater(x, 0), x, x)],
  ])('%s: %d', (_name, expected, map) => {
    expect(values(map)).toBeCloseTo(expected, 2)
  })
})

test.skipIf(process.platform !== 'linux').each([
  ['W2', 'products of 4'],
  ['W3', 'gradient'],
])(
  'the peak of a process that evaluates the %s %s is within 25 %% of the forecast',
  (id, program) => {
    const script = join(import.meta.dirname, '../../bench/memory.ts')
    const output = execFileSync(process.execPath, [script, '--one', id, program])
    const { forecast, measured } = JSON.parse(output.toString()) as Record<string, number>
    expect(Math.abs(measured! / forecast! - 1)).toBeLessThan(0.25)
  },
)
