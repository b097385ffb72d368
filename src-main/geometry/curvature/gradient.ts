import { layoutViews, type Layout, type TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import { onnxRuntime, type Runtime } from '#tensor/runtime'
import { gradient } from '#tensor/transforms'
import { BatchSum } from './batch-sum.ts'

/**
 * The gradient of a loss over batches, Σ ∇L_b.
 *
 * @param options.loss - A program of a scalar loss; its first inputs are the parameters of `layout`.
 * @param options.parameters - `[n]`.
 * @param options.batches - The other inputs of `loss`, once a batch, weighted so that the sum is the mean.
 * @returns `[n]`.
 * @throws ShapeError if `parameters` does not fit the layout.
 */
export async function sumGradients(options: {
  readonly loss: Program
  readonly layout: Layout
  readonly parameters: Float32Array
  readonly batches: readonly (readonly TensorData[])[]
  readonly runtime?: Runtime | undefined
}): Promise<Float32Array> {
  const { loss, layout, parameters, batches } = options
  const views = layoutViews(layout, parameters)
  const program = gradient(
    loss,
    layout.entries.map((_, i) => i),
  )
  const sum = await BatchSum.create(program, batches.length, options.runtime ?? onnxRuntime())
  try {
    const flat = new Float32Array(layout.size)
    await sum.run(views, batches, [], layoutViews(layout, flat))
    return flat
  } finally {
    await sum.release()
  }
}
