import type { SolverState } from '#geometry/spectral'
import { encodeSafetensors, parseSafetensors } from '#learn/datasets'

const vectorsKey = 'vectors'

/**
 * A state as a safetensors file that says what it belongs to.
 *
 * @param origin - Fingerprint of all that the iteration depends on: weights, samples, settings, seed.
 */
export function formatState({ header, rows, vectors }: SolverState, origin: string): Uint8Array {
  const shape = [rows, rows === 0 ? 0 : vectors.length / rows]
  const dtype = vectors instanceof Float64Array ? ('float64' as const) : ('float32' as const)
  return encodeSafetensors(
    new Map([[vectorsKey, { dtype, shape, data: vectors }]]),
    new Map([
      ['origin', origin],
      ['header', JSON.stringify(header)],
    ]),
  )
}

/** Reads a state back, bit by bit; null if it belongs to something else. */
export function parseState(bytes: Uint8Array, origin: string): SolverState | null {
  const { arrays, metadata } = parseSafetensors(bytes, 'state of a measurement')
  const array = arrays.get(vectorsKey)
  const header = metadata.get('header')
  if (metadata.get('origin') !== origin || array === undefined || header === undefined) return null
  return {
    // Written and hashed by us: its shape is trusted.
    header: JSON.parse(header),
    rows: array.shape[0] ?? 0,
    vectors:
      array.dtype === 'float64' ? Float64Array.from(array.data) : Float32Array.from(array.data),
  }
}
