import { InputError } from '#base'
import {
  add,
  cast,
  dot,
  greater,
  iota,
  mul,
  reshape,
  softmax,
  transpose,
  type Tracer,
} from '#tensor/program'
import { dropout } from './dropout.ts'

/** What attention needs to know besides its parameters. */
export interface AttentionOptions {
  /** Sequences in the batch; the rows of the input are these times the length of a sequence. */
  readonly batchSize: number
  /** Divides the width. */
  readonly heads: number
  /** Whether a position sees only itself and what came before. */
  readonly isCausal: boolean
  /** `[batch, heads, time, time]` of 0 and 1/(1 − p), multiplied to the attention weights. */
  readonly dropoutMask?: Tracer | undefined
}

/** Queries, keys and values, each `[batch·time, width]`: row b·time + t is position t of sequence b. */
export interface AttentionValues {
  readonly query: Tracer
  readonly key: Tracer
  readonly value: Tracer
}

/** Added to a score that must not count: its exponential is 0, and unlike −∞ it stays a number. */
const excluded = -1e30

/** `[time, time]`: 0 where the column is not after the row. */
function causalMask(like: Tracer, time: number): Tracer {
  const position = (axis: number): Tracer => iota(like, [time, time], axis)
  return mul(cast(greater(position(1), position(0)), like.type.dtype), excluded)
}

/**
 * softmax(Q·Kᵀ + M)·V for each sequence and head, where M excludes later positions if `isCausal`.
 *
 * Heads stay where a projection leaves them; the contractions name them as batch dimensions.
 *
 * @param query - `[batch, time, heads, d]`, as `key` and `value`.
 * @returns `[batch, heads, time, d]`.
 */
function dotProductAttention(
  { query, key, value }: AttentionValues,
  options: Pick<AttentionOptions, 'isCausal' | 'dropoutMask'>,
): Tracer {
  const scores = dot(query, key, {
    lhsContract: [3],
    rhsContract: [3],
    lhsBatch: [0, 2],
    rhsBatch: [0, 2],
  })
  const seen = options.isCausal ? add(scores, causalMask(query, query.shape[1]!)) : scores
  const weights = softmax(seen)
  const kept = options.dropoutMask === undefined ? weights : dropout(weights, options.dropoutMask)
  return dot(kept, value, {
    lhsContract: [3],
    rhsContract: [1],
    lhsBatch: [0, 1],
    rhsBatch: [0, 2],
  })
}

/**
 * Multi-head attention between projections: concat_h(softmax(Q_h·K_hᵀ)·V_h).
 *
 * @param values - Queries already scaled, usually by 1/√(width / heads).
 * @param options.turn - Applied to queries and keys, `[batch, time, heads, d]`, such as {@link rotatePositions}.
 * @returns `[batch·time, width]`.
 * @throws InputError if `batchSize` does not divide the rows or `heads` the width.
 */
export function attendHeads(
  values: AttentionValues,
  options: AttentionOptions & { readonly turn?: ((x: Tracer) => Tracer) | undefined },
): Tracer {
  const { batchSize, heads } = options
  const turn = options.turn ?? ((x: Tracer): Tracer => x)
  const [rows, width] = values.query.shape as [number, number]
  if (rows % batchSize !== 0) {
    throw new InputError('batchSize', `batchSize must divide ${rows} rows, got ${batchSize}`)
  }
  if (width % heads !== 0) {
    throw new InputError('heads', `heads must divide the width ${width}, got ${heads}`)
  }
  const split = (x: Tracer): Tracer =>
    reshape(x, [batchSize, rows / batchSize, heads, width / heads])
  const mixed = dotProductAttention(
    {
      query: turn(split(values.query)),
      key: turn(split(values.key)),
      value: split(values.value),
    },
    options,
  )
  return reshape(transpose(mixed, [0, 2, 1, 3]), [rows, width])
}
