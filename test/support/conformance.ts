import { expect } from 'vitest'
import { allocateTensor, interpretProgram, type Runtime } from '#tensor/runtime'
import type { ConformanceCase } from './conformance/case.ts'
import { convolutionCases } from './conformance/convolutions.ts'
import { networkCases } from './conformance/networks.ts'
import { primitiveCases } from './conformance/primitives.ts'
import { largestError } from './programs.ts'

/**
 * What every runtime must compute: all primitives, the derivatives of convolutions, products and train steps of
 * small networks. Tiny shapes, no float64.
 */
export const conformancePrograms: readonly ConformanceCase[] = [
  ...primitiveCases,
  ...convolutionCases,
  ...networkCases,
]

/** Largest |a − b| / max(1, |b|) against the float64 interpreter, over the outputs of two runs. */
async function conformanceError(
  runtime: Runtime,
  { program, inputs }: ConformanceCase,
): Promise<number> {
  const expected = interpretProgram(program, inputs)
  const given = program.outputs.map((output) => allocateTensor(output.type))
  const executable = await runtime.compile(program)
  try {
    const first = await executable.run(inputs)
    const second = await executable.run(inputs, given)
    expect(second, 'results are written where the caller says').toBe(given)
    return Math.max(
      ...[first, second].flatMap((results) =>
        results.map((part, i) => largestError(part, expected[i]!)),
      ),
    )
  } finally {
    await executable.release()
  }
}

/**
 * Runs cases on a runtime and compares them with the float64 interpreter; names all that differ.
 *
 * @param tolerance - Bound on |a − b| / max(1, |b|).
 */
export async function expectConformance(
  runtime: Runtime,
  tolerance: number,
  cases: readonly ConformanceCase[] = conformancePrograms,
): Promise<void> {
  const wrong: Record<string, number | string> = {}
  for (const each of cases) {
    try {
      const error = await conformanceError(runtime, each)
      if (!(error <= tolerance)) wrong[each.name] = error
    } catch (error) {
      wrong[each.name] = String(error)
    }
  }
  expect(wrong).toEqual({})
}
