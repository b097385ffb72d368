import type { Vector } from '#geometry/operators'
import { layoutViews, type Layout, type TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import type { Runtime } from '#tensor/runtime'
import { gradient } from '#tensor/transforms'
import { BatchSum } from './batch-sum.ts'
import {
  allocateVector,
  batchesInPrecision,
  inPrecision,
  precisionOf,
  runtimeFor,
} from './precision.ts'
import { selectTensors } from './select-tensors.ts'

/**
 * The gradient of a loss over batches, Σ ∇L_b.
 *
 * @param options.loss - A program of a scalar loss; its first inputs are the parameters of `layout`.
 * @param options.parameters - `[n]`; float64 ones ask for float64 arithmetic, on the processor.
 * @param options.batches - The other inputs of `loss`, once a batch, weighted so that the sum is the mean.
 * @param options.tensors - By these tensors alone: names, or beginnings of names up to a dot; default: all.
 * @returns `[n]`, or as many as the tensors have; of the type of `parameters`.
 * @throws ShapeError if `parameters` does not fit the layout.
 * @throws InputError if a name in `tensors` fits none of the layout's.
 */
export async function sumGradients<Parameters extends Vector>(options: {
  readonly loss: Program
  readonly layout: Layout
  readonly parameters: Parameters
  readonly batches: readonly (readonly TensorData[])[]
  readonly tensors?: readonly string[] | undefined
  readonly runtime?: Runtime | undefined
}): Promise<Parameters> {
  const { loss, parameters, batches } = options
  const views = layoutViews(options.layout, parameters)
  const { places, layout } = selectTensors(options.layout, options.tensors)
  const precision = precisionOf(parameters)
  const program = inPrecision(gradient(loss, places), precision)
  const runtime = runtimeFor(precision, options.runtime)
  const sum = await BatchSum.create(program, batches.length, runtime)
  try {
    // Allocated in the number type of the parameters.
    const flat = allocateVector(precision, layout.size) as Parameters
    await sum.run(views, batchesInPrecision(batches, precision), layoutViews(layout, flat))
    return flat
  } finally {
    await sum.release()
  }
}
