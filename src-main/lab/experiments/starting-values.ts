import { createStream } from '#base'
import { loadArrays } from '#learn/datasets'
import { initializeBuffers, initializeParameters, readWeights, type Model } from '#learn/models'
import type { ExperimentSpec } from '#shared/schemas'

/** What training begins with, both flat. */
export interface StartingValues {
  readonly parameters: Float32Array
  readonly buffers: Float32Array
}

/**
 * The values a network starts from: those of the spec's file, or drawn by the seed.
 *
 * @throws MissingFileError, FormatError or ShapeError naming the file and the tensor that does not fit.
 */
export async function startingValues(
  spec: ExperimentSpec,
  model: Model,
  seed: number,
): Promise<StartingValues> {
  const { weights } = spec.model
  if (weights !== undefined) return readWeights(await loadArrays(weights), model, weights)
  return {
    parameters: initializeParameters(model, createStream(seed, 'initialization')),
    buffers: initializeBuffers(model),
  }
}
