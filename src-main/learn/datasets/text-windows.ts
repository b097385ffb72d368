import { InputError } from '#base'
import type { Samples } from './samples.ts'
import type { TokenArray } from './text-tokens.ts'

/** Part of a text: tokens from…to − 1. */
export interface TokenSpan {
  readonly tokens: TokenArray
  readonly from: number
  readonly to: number
}

/** Refuses more windows than there are. */
export function checkWindowCount(wanted: number, available: number, part: string): void {
  if (available >= 1 && wanted >= 1 && wanted <= available) return
  const allowed = available < 1 ? 'cannot be drawn' : `must be in 1…${available}`
  const range = `samples ${allowed} of the ${part} text, got ${wanted}`
  throw new InputError('samples', range)
}

/**
 * Language modelling: windows of `length` tokens, each answered by the tokens one place on. Nothing is
 * copied before a row is read.
 *
 * @param starts - Where each row's window begins in `tokens`.
 */
export function sequenceSamples(
  tokens: TokenArray,
  starts: Uint32Array,
  length: number,
  vocabularySize: number,
): Samples {
  return {
    features: { kind: 'tokens', length, vocabulary: vocabularySize },
    targets: { kind: 'classes', count: vocabularySize, perSample: length },
    count: starts.length,
    labels: null,
    read: (rows, features, targets) => {
      for (let i = 0; i < rows.length; i += 1) {
        const start = starts[rows[i]!]!
        features.set(tokens.subarray(start, start + length), i * length)
        targets.set(tokens.subarray(start + 1, start + length + 1), i * length)
      }
      return Promise.resolve()
    },
  }
}

/** Starts of the windows of `length` tokens that follow on one another, each with a token behind it. */
export function sequenceStarts({ from, to }: TokenSpan, length: number): Uint32Array {
  const count = Math.max(0, Math.floor((to - from - 1) / length))
  return Uint32Array.from({ length: count }, (_, i) => from + i * length)
}

/**
 * Prediction of the next token: windows of `context` tokens, each answered by the token behind it.
 *
 * @param starts - Where each row's window begins in `tokens`.
 */
export function nextTokenSamples(
  tokens: TokenArray,
  starts: Uint32Array,
  context: number,
  vocabularySize: number,
): Samples {
  const labels = Int32Array.from(starts, (start) => tokens[start + context]!)
  return {
    features: { kind: 'tokens', length: context, vocabulary: vocabularySize },
    targets: { kind: 'classes', count: vocabularySize, perSample: 1 },
    count: starts.length,
    labels,
    read: (rows, features, targets) => {
      for (let i = 0; i < rows.length; i += 1) {
        const start = starts[rows[i]!]!
        features.set(tokens.subarray(start, start + context), i * context)
        targets[i] = labels[rows[i]!]!
      }
      return Promise.resolve()
    },
  }
}
