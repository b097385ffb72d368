import type { TensorData } from '#tensor/dense'
import type { ValueType } from '#tensor/program'
import type { ResidentTensor, Runtime } from './runtime.ts'

/**
 * Brings batches to where a runtime computes, so that they travel once however often they are used.
 *
 * @param types - Of the inputs of a batch, in order.
 */
export async function uploadBatches(
  runtime: Runtime,
  batches: readonly (readonly TensorData[])[],
  types: readonly ValueType[],
): Promise<ResidentTensor[][]> {
  const uploaded: ResidentTensor[][] = []
  for (const batch of batches) {
    const tensors: ResidentTensor[] = []
    for (const [i, data] of batch.entries()) tensors.push(await runtime.upload(data, types[i]!))
    uploaded.push(tensors)
  }
  return uploaded
}
