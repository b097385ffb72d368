import { InputError } from '#base'
import {
  add,
  cast,
  dot,
  greater,
  iota,
  mul,
  reshape,
  slice,
  softmax,
  transpose,
  type Tracer,
} from '#tensor/program'
import { affine, type AffineParameters } from './affine.ts'
import { dropout } from './dropout.ts'

/**
 * The maps that give queries, keys and values, each with weight `[width, width]` and bias
 * `[width]`.
 */
export interface AttentionProjections {
  readonly query: AffineParameters
  readonly key: AffineParameters
  readonly value: AffineParameters
}

/** Parameters of self-attention as `torch.nn.MultiheadAttention` holds them. */
export interface AttentionParameters extends AttentionProjections {
  /** `out_proj`: weight `[width, width]`, bias `[width]`. */
  readonly output: AffineParameters
}

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

/** Added to a score that must not count: its exponential is 0, and unlike −∞ it stays a number. */
const excluded = -1e30

/**
 * Takes `in_proj_weight` `[3·width, width]` and `in_proj_bias` `[3·width]` of
 * `torch.nn.MultiheadAttention` apart.
 *
 * Slices of the weight, not of its product: then no derivative has to be put together from parts as
 * large as the activations.
 */
export function packedProjections({ weight, bias }: AffineParameters): AttentionProjections {
  const [rows, width] = weight.shape as [number, number]
  const size = rows / 3
  const part = (i: number): AffineParameters => ({
    weight: slice(weight, [i * size, 0], [(i + 1) * size, width]),
    bias: bias === null ? null : slice(bias, [i * size], [(i + 1) * size]),
  })
  return { query: part(0), key: part(1), value: part(2) }
}

/** The same map times a number: its weight and bias are smaller than what it gives. */
const scaled = ({ weight, bias }: AffineParameters, factor: number): AffineParameters => ({
  weight: mul(weight, factor),
  bias: bias === null ? null : mul(bias, factor),
})

/**
 * softmax(Q·Kᵀ + M)·V for each sequence and head, where M excludes later positions if `isCausal`.
 *
 * Heads stay where a projection leaves them; the contractions name them as batch dimensions.
 *
 * @param query - `[batch, time, heads, d]`, as `key` and `value`; already scaled by 1/√d.
 * @returns `[batch, heads, time, d]`.
 */
function dotProductAttention(
  query: Tracer,
  key: Tracer,
  value: Tracer,
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

/** `[time, time]`: 0 where the column is not after the row. */
function causalMask(like: Tracer, time: number): Tracer {
  const position = (axis: number): Tracer => iota(like, [time, time], axis)
  return mul(cast(greater(position(1), position(0)), like.type.dtype), excluded)
}

/**
 * Multi-head self-attention, as `torch.nn.MultiheadAttention` with queries, keys and values from
 * one input: y = concat_h(softmax(Q_h·K_hᵀ/√d)·V_h)·W_outᵀ + b_out, d = width / heads.
 *
 * @param x - `[batch·time, width]`, row b·time + t is position t of sequence b.
 * @returns The shape of `x`.
 * @throws InputError if `batchSize` does not divide the rows or `heads` the width.
 */
export function attention(
  x: Tracer,
  parameters: AttentionParameters,
  options: AttentionOptions,
): Tracer {
  const { batchSize, heads } = options
  const [rows, width] = x.shape as [number, number]
  if (rows % batchSize !== 0) {
    throw new InputError('batchSize', `batchSize must divide ${rows} rows, got ${batchSize}`)
  }
  if (width % heads !== 0) {
    throw new InputError('heads', `heads must divide the width ${width}, got ${heads}`)
  }
  const split = (projection: AffineParameters): Tracer =>
    reshape(affine(x, projection), [batchSize, rows / batchSize, heads, width / heads])
  const mixed = dotProductAttention(
    split(scaled(parameters.query, 1 / Math.sqrt(width / heads))),
    split(parameters.key),
    split(parameters.value),
    options,
  )
  return affine(reshape(transpose(mixed, [0, 2, 1, 3]), [rows, width]), parameters.output)
}
