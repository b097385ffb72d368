import type { Samples } from '#learn/datasets'
import {
  createHessianOperator,
  type HessianOperator,
  type NativeSpaceOptions,
} from '#geometry/curvature'
import { initializeBuffers, lossProgram, type Loss, type Model } from '#learn/models'
import { layoutViews } from '#tensor/dense'
import type { Runtime } from '#tensor/runtime'
import { partitionSamples } from './batches.ts'

/** Rows a batch of products may have; bounds the memory of one block. */
const largestBatch = 1024

/**
 * The Hessian of the mean loss of a network over samples, weight decay not included.
 *
 * @param options.parameters - `[n]` in the order of the model's layout.
 * @param options.batchSize - Default: all samples, at most 1,024.
 * @param options.rows - This and what follows: as of the operator.
 */
export async function hessianOfSamples(options: {
  readonly model: Model
  readonly loss: Loss
  readonly parameters: Float32Array
  /** Running statistics, flat. @default as before the first step */
  readonly buffers?: Float32Array | undefined
  readonly samples: Samples
  readonly batchSize?: number | undefined
  readonly rows?: number | undefined
  readonly residualMemory?: number | undefined
  readonly basis?: NativeSpaceOptions | undefined
  readonly runtime?: Runtime | undefined
}): Promise<HessianOperator> {
  const { model, loss, parameters, samples } = options
  const buffers = options.buffers ?? initializeBuffers(model)
  const batchSize = Math.min(options.batchSize ?? largestBatch, samples.count)
  return createHessianOperator({
    loss: lossProgram({ model, loss, batchSize }),
    layout: model.layout,
    parameters,
    batches: await partitionSamples(samples, batchSize, layoutViews(model.buffers, buffers)),
    rows: options.rows,
    residualMemory: options.residualMemory,
    memory: options.basis,
    runtime: options.runtime,
  })
}
