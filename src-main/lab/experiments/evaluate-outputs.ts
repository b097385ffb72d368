import type { Vector } from '#geometry/operators'
import { layoutViews, type Layout, type TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import { onnxRuntime, type Runtime } from '#tensor/runtime'
import { widenProgram } from '#tensor/transforms'

/**
 * A network's outputs for all batches.
 *
 * @param options.program - Its first inputs are the parameters, the others those of a batch.
 * @param options.parameters - `[n]`; float64 ones ask for float64 arithmetic, on the processor.
 * @returns One flat buffer a batch.
 */
export async function evaluateOutputs(options: {
  readonly program: Program
  readonly layout: Layout
  readonly parameters: Vector
  readonly batches: readonly (readonly TensorData[])[]
  readonly runtime?: Runtime | undefined
}): Promise<Vector[]> {
  const { program, layout, parameters, batches } = options
  const isWide = parameters instanceof Float64Array
  const runtime = isWide ? onnxRuntime() : (options.runtime ?? onnxRuntime())
  const executable = await runtime.compile(isWide ? widenProgram(program) : program)
  try {
    const views = layoutViews(layout, parameters)
    const all: Vector[] = []
    for (const batch of batches) {
      const inputs = isWide
        ? batch.map((data) => (data instanceof Float32Array ? Float64Array.from(data) : data))
        : batch
      const [outputs] = await executable.run([...views, ...inputs])
      // Outputs of networks are floats.
      all.push(outputs as Vector)
    }
    return all
  } finally {
    await executable.release()
  }
}
