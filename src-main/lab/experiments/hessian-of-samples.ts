import type { Samples } from '#learn/datasets'
import {
  createHessianOperator,
  type HessianOperator,
  type NativeSpaceOptions,
} from '#geometry/curvature'
import { lossProgram, networkLayout, type Loss, type Network } from '#learn/models'
import type { Runtime } from '#tensor/runtime'
import { partitionSamples } from './batches.ts'

/** Rows a batch of products may have; bounds the memory of one block. */
const largestBatch = 1024

/**
 * The Hessian of the mean loss of a network over samples, weight decay not included.
 *
 * @param options.parameters - `[n]` in the order of `networkLayout`.
 * @param options.batchSize - Default: all samples, at most 1,024.
 * @param options.rows - This and what follows: as of the operator.
 */
export function hessianOfSamples(options: {
  readonly network: Network
  readonly loss: Loss
  readonly parameters: Float32Array
  readonly samples: Samples
  readonly batchSize?: number | undefined
  readonly rows?: number | undefined
  readonly residualMemory?: number | undefined
  readonly basis?: NativeSpaceOptions | undefined
  readonly runtime?: Runtime | undefined
}): Promise<HessianOperator> {
  const { network, loss, parameters, samples } = options
  const batchSize = Math.min(options.batchSize ?? largestBatch, samples.count)
  return createHessianOperator({
    loss: lossProgram({ network, loss, batchSize, withAccuracy: false }),
    layout: networkLayout(network),
    parameters,
    batches: partitionSamples(samples, batchSize),
    rows: options.rows,
    residualMemory: options.residualMemory,
    memory: options.basis,
    runtime: options.runtime,
  })
}
