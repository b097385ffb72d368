import type { Vector } from '#geometry/operators'
import { layoutViews, type Layout, type TensorData } from '#tensor/dense'
import type { Program } from '#tensor/program'
import { uploadBatches, type ResidentTensor, type Runtime } from '#tensor/runtime'
import { defaultResidualMemory } from './memory-forecast.ts'
import type { NativeSpaceOptions } from './native-space.ts'
import { batchesInPrecision, precisionOf, runtimeFor, type Precision } from './precision.ts'

/** Where a matrix of curvature is taken, and how its products are computed. */
export interface CurvatureSetting {
  /** Of all parameters. */
  readonly layout: Layout
  /**
   * θ, `[n]`; float64 ones ask for float64 arithmetic, on the processor whatever the runtime. The runtime may read it at every
   * product, so it must not change while the operator is used.
   */
  readonly parameters: Vector
  /**
   * The other inputs, once a batch; the operator is the sum over batches. For the mean over a data set the weights
   * inside the batches are 1/N, whatever the size of each batch.
   */
  readonly batches: readonly (readonly TensorData[])[]
  /**
   * Only the block of these tensors: names, or beginnings of names up to a dot. What they do not need is not
   * differentiated. @default all
   */
  readonly tensors?: readonly string[] | undefined
  /** Vectors a call handles at once, K. @default 8 */
  readonly rows?: number | undefined
  readonly runtime?: Runtime | undefined
  /**
   * Bytes that values which do not depend on the vectors may take, to be computed once instead of in every call.
   * @default an eighth of the machine's memory
   */
  readonly residualMemory?: number | undefined
  /** Where bases of its vectors lie. */
  readonly memory?: NativeSpaceOptions | undefined
}

/** A setting made ready: what stays from product to product, where the runtime computes. */
export interface PlacedInputs {
  readonly precision: Precision
  readonly runtime: Runtime
  readonly preferredRows: number
  readonly residualMemory: number
  readonly parameters: readonly ResidentTensor[]
  readonly batches: readonly (readonly ResidentTensor[])[]
  release(): void
}

/**
 * Brings parameters and batches to where a program reads them.
 *
 * @param program - Its first inputs are the parameters, the next ones those of a batch.
 * @throws ShapeError if `parameters` does not fit the layout.
 */
export async function placeInputs(
  setting: CurvatureSetting,
  program: Program,
): Promise<PlacedInputs> {
  const precision = precisionOf(setting.parameters)
  const runtime = runtimeFor(precision, setting.runtime)
  const views = layoutViews(setting.layout, setting.parameters)
  const types = program.inputs.map((variable) => variable.type)
  const [parameters] = await uploadBatches(runtime, [views], types)
  const batches = await uploadBatches(
    runtime,
    batchesInPrecision(setting.batches, precision),
    types.slice(views.length),
  )
  return {
    precision,
    runtime,
    preferredRows: setting.rows ?? 8,
    residualMemory: setting.residualMemory ?? defaultResidualMemory(),
    parameters: parameters!,
    batches,
    release: () => {
      for (const tensor of [...parameters!, ...batches.flat()]) tensor.release()
    },
  }
}
