import { FormatError } from '#base'
import { encodeSafetensors, parseSafetensors, type NamedArray } from '#learn/datasets'
import { writeWeights, type Model } from '#learn/models'
import { freshStopState, type SavedVectors, type StopState } from '#learn/training'
import { layoutViews, type Layout } from '#tensor/dense'
import type { TrainingEnd } from '#shared/schemas'

/** All that training needs to go on as if it had not stopped. */
export interface TrainingState extends SavedVectors {
  /** Steps taken. */
  readonly step: number
  /** Milliseconds spent training. */
  readonly elapsedMs: number
  /** What the stopping rules remember. */
  readonly stop: StopState
  /** Why training ended; null if it has not. */
  readonly end: TrainingEnd['reason'] | null
}

/** Names of what is not the network's. */
const stateKey = 'optimizer.state'
const gradientKey = 'optimizer.previous_gradient'

const float32 = (shape: readonly number[], data: Float32Array): NamedArray => ({
  dtype: 'float32',
  shape,
  data,
})

const namedViews = (layout: Layout, flat: Float32Array): [string, NamedArray][] => {
  const views = layoutViews(layout, flat)
  return layout.entries.map(({ name, shape }, i) => [name, float32(shape, views[i]!)])
}

/** The tensors of a network under their PyTorch names: parameters, then running statistics. */
const networkArrays = (
  { layout, buffers }: Model,
  values: { readonly parameters: Float32Array; readonly buffers: Float32Array },
): Map<string, NamedArray> =>
  new Map([...namedViews(layout, values.parameters), ...namedViews(buffers, values.buffers)])

/** Weights as a safetensors file that PyTorch loads into the twin. */
export const formatWeights = (
  model: Model,
  values: { readonly parameters: Float32Array; readonly buffers: Float32Array },
  step: number,
): Uint8Array => encodeSafetensors(writeWeights(model, values), new Map([['step', String(step)]]))

/**
 * A checkpoint as a safetensors file: the network's tensors under their PyTorch names, so that any tool reads
 * them, and the optimizer's state beside them.
 */
export function formatCheckpoint(model: Model, state: TrainingState): Uint8Array {
  const arrays = networkArrays(model, state)
  arrays.set(stateKey, float32([state.state.length], state.state))
  if (state.previousGradient !== null) {
    arrays.set(gradientKey, float32([state.previousGradient.length], state.previousGradient))
  }
  return encodeSafetensors(
    arrays,
    new Map([
      ['step', String(state.step)],
      ['elapsedMs', String(state.elapsedMs)],
      ['stop', JSON.stringify(state.stop)],
      ...(state.end === null ? [] : [['end', state.end] as const]),
    ]),
  )
}

function flatOf(layout: Layout, arrays: ReadonlyMap<string, NamedArray>): Float32Array {
  const flat = new Float32Array(layout.size)
  for (const { name, size, offset } of layout.entries) {
    const array = arrays.get(name)
    if (array?.data.length !== size) {
      throw new FormatError('checkpoint', `tensor ${name} must have ${size} entries`)
    }
    flat.set(array.data, offset)
  }
  return flat
}

/**
 * Reads a checkpoint back, bit by bit what was written.
 *
 * @throws FormatError if it is not one of this network.
 */
export function parseCheckpoint({ layout, buffers }: Model, bytes: Uint8Array): TrainingState {
  const { arrays, metadata } = parseSafetensors(bytes, 'checkpoint')
  const step = Number(metadata.get('step'))
  const elapsedMs = Number(metadata.get('elapsedMs'))
  const optimizer = arrays.get(stateKey)
  if (!Number.isSafeInteger(step) || !Number.isFinite(elapsedMs) || optimizer === undefined) {
    throw new FormatError('checkpoint', `must hold step, elapsedMs and ${stateKey}`)
  }
  const gradient = arrays.get(gradientKey)
  const stop = metadata.get('stop')
  return {
    step,
    elapsedMs,
    parameters: flatOf(layout, arrays),
    buffers: flatOf(buffers, arrays),
    state: Float32Array.from(optimizer.data),
    previousGradient: gradient === undefined ? null : Float32Array.from(gradient.data),
    // Written and hashed by us: its shape is trusted.
    stop: stop === undefined ? freshStopState : (JSON.parse(stop) as StopState),
    end: (metadata.get('end') ?? null) as TrainingEnd['reason'] | null,
  }
}
