import { describe, expect, test } from 'vitest'
import { Graph, printProgram, traceProgram, add, cast, erf, iota, mul } from '#tensor/program'
import { interpretProgram, onnxRuntime } from '#tensor/runtime'
import { widenProgram } from '#tensor/transforms'
import { conformancePrograms, expectConformance } from '../../support/conformance.ts'
import { float32, largestError } from '../../support/programs.ts'

describe('a widened program', () => {
  test('has float64 for every float32, and nothing else changed', () => {
    const program = traceProgram('mixed', [float32([3])], ([x]) => [
      add(mul(x!, 2), cast(iota(x!, [3], 0), 'float32')),
    ])
    expect(printProgram(widenProgram(program))).toBe(
      printProgram(program).replaceAll('f32', 'f64').replaceAll('float32', 'float64'),
    )
  })

  test('is computed natively as by the interpreter to 1e-13, whatever it is made of', async () => {
    const widened = conformancePrograms.map(({ name, program, inputs }) => ({
      name,
      program: widenProgram(program),
      inputs: inputs.map((data) =>
        data instanceof Float32Array ? Float64Array.from(data, (x) => x * (1 + 1e-9)) : data,
      ),
    }))
    await expectConformance(onnxRuntime(), 1e-13, widened)
  })
})

describe('erf in float64', () => {
  test('is right to 1e-14 from −∞ to ∞', async () => {
    const x = Float64Array.from({ length: 2401 }, (_, i) => (i - 1200) / 150)
    const graph = new Graph()
    const input = graph.input({ dtype: 'float64', shape: [x.length + 3] })
    const program = graph.finish('erf', [input], [erf(input)])
    const inputs = Float64Array.of(...x, -Infinity, Infinity, 1e-300)
    const executable = await onnxRuntime().compile(program)
    const [got] = await executable.run([inputs])
    await executable.release()
    expect(largestError(got!, interpretProgram(program, [inputs])[0]!)).toBeLessThan(1e-14)
  })
})
