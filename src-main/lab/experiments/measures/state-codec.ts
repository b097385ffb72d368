import { encodeSafetensors, parseSafetensors } from '#learn/datasets'

/** How far an iteration is: what it knows in a few words and numbers, and the vectors it goes on from. */
export interface SavedState {
  /** What `JSON.parse(JSON.stringify(…))` gives back unchanged. */
  readonly header: unknown
  readonly rows: number
  /** `[rows, n]`. */
  readonly vectors: Float32Array
}

const vectorsKey = 'vectors'

/**
 * A state as a safetensors file that says what it belongs to.
 *
 * @param origin - Fingerprint of all that the iteration depends on: weights, samples, settings, seed.
 */
export function formatState({ header, rows, vectors }: SavedState, origin: string): Uint8Array {
  const shape = [rows, rows === 0 ? 0 : vectors.length / rows]
  return encodeSafetensors(
    new Map([[vectorsKey, { dtype: 'float32' as const, shape, data: vectors }]]),
    new Map([
      ['origin', origin],
      ['header', JSON.stringify(header)],
    ]),
  )
}

/** Reads a state back, bit by bit; null if it belongs to something else. */
export function parseState(bytes: Uint8Array, origin: string): SavedState | null {
  const { arrays, metadata } = parseSafetensors(bytes, 'state of a measurement')
  const array = arrays.get(vectorsKey)
  const header = metadata.get('header')
  if (metadata.get('origin') !== origin || array === undefined || header === undefined) return null
  return {
    // Written and hashed by us: its shape is trusted.
    header: JSON.parse(header),
    rows: array.shape[0] ?? 0,
    vectors: Float32Array.from(array.data),
  }
}
