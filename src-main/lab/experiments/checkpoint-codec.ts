import { FormatError } from '#base'
import { encodeSafetensors, parseSafetensors, type NamedArray } from '#learn/datasets'
import { layoutViews, type Layout } from '#tensor/dense'

/** All that training needs to go on as if it had not stopped. */
export interface TrainingState {
  /** Steps taken. */
  readonly step: number
  /** Milliseconds spent training. */
  readonly elapsedMs: number
  /** `[n]`. */
  readonly parameters: Float32Array
  /** Optimizer state, flat. */
  readonly optimizer: Float32Array
}

const optimizerKey = 'optimizer.state'

/**
 * A checkpoint as a safetensors file: the parameters under their PyTorch names, so that any tool reads
 * them, and the optimizer's state beside them.
 */
export function formatCheckpoint(layout: Layout, state: TrainingState): Uint8Array {
  const views = layoutViews(layout, state.parameters)
  const float32 = (shape: readonly number[], data: Float32Array): NamedArray => ({
    dtype: 'float32',
    shape,
    data,
  })
  const arrays = new Map(
    layout.entries.map(({ name, shape }, i) => [name, float32(shape, views[i]!)]),
  )
  arrays.set(optimizerKey, float32([state.optimizer.length], state.optimizer))
  return encodeSafetensors(
    arrays,
    new Map([
      ['step', String(state.step)],
      ['elapsedMs', String(state.elapsedMs)],
    ]),
  )
}

/**
 * Reads a checkpoint back, bit by bit what was written.
 *
 * @throws FormatError if it is not one of this network.
 */
export function parseCheckpoint(layout: Layout, bytes: Uint8Array): TrainingState {
  const { arrays, metadata } = parseSafetensors(bytes, 'checkpoint')
  const parameters = new Float32Array(layout.size)
  for (const { name, size, offset } of layout.entries) {
    const array = arrays.get(name)
    if (array?.data.length !== size) {
      throw new FormatError('checkpoint', `tensor ${name} must have ${size} entries`)
    }
    parameters.set(array.data, offset)
  }
  const step = Number(metadata.get('step'))
  const elapsedMs = Number(metadata.get('elapsedMs'))
  const optimizer = arrays.get(optimizerKey)
  if (!Number.isSafeInteger(step) || !Number.isFinite(elapsedMs) || optimizer === undefined) {
    throw new FormatError('checkpoint', 'must hold step, elapsedMs and optimizer.state')
  }
  return { step, elapsedMs, parameters, optimizer: Float32Array.from(optimizer.data) }
}
