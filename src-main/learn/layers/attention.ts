import { mul, slice, type Tracer } from '#tensor/program'
import { affine, type AffineParameters } from './affine.ts'
import { attendHeads, type AttentionOptions } from './attend-heads.ts'

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
  const width = x.shape[1]!
  const scale = 1 / Math.sqrt(width / options.heads)
  const mixed = attendHeads(
    {
      query: affine(x, scaled(parameters.query, scale)),
      key: affine(x, parameters.key),
      value: affine(x, parameters.value),
    },
    options,
  )
  return affine(mixed, parameters.output)
}
