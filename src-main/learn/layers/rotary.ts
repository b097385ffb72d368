import { InputError } from '#base'
import {
  add,
  cast,
  cos,
  exp,
  iota,
  mul,
  reshape,
  reverse,
  sin,
  sub,
  type Tracer,
} from '#tensor/program'

/** Base of the wavelengths, as in the paper and in Llama. */
const base = 10_000

/**
 * Rotary position embedding by half rotation: in each head the pair (x_j, x_{j + d/2}) of position t is turned by
 * the angle t·10000^(−2j/d), so that products of queries and keys depend on the distance of their positions alone.
 *
 * The pairs are those of Llama and GPT-NeoX (first half with second half); the paper pairs neighbours, which is
 * the same up to the order of entries in a head.
 *
 * @param x - `[batch, time, heads, d]`, d even.
 * @returns The shape of `x`.
 * @throws InputError if d is odd.
 * @see Su et al., RoFormer: enhanced transformer with rotary position embedding (2021), section 3.2
 */
export function rotatePositions(x: Tracer): Tracer {
  const [batch, time, heads, size] = x.shape as [number, number, number, number]
  if (size % 2 !== 0) {
    throw new InputError('heads', `rotary positions want an even width of a head, got ${size}`)
  }
  const half = size / 2
  const index = (shape: readonly number[], axis: number): Tracer =>
    cast(iota(x, shape, axis), x.type.dtype)
  const angles = mul(
    index([time, 1, 1, half], 0),
    exp(mul(index([time, 1, 1, half], 3), (-2 * Math.log(base)) / size)),
  )
  // −1 for the first half of a pair, 1 for the second: (x₁, x₂) ↦ (x₁ cos − x₂ sin, x₂ cos + x₁ sin).
  const signs = sub(mul(index([time, 1, 2, half], 2), 2), 1)
  const pairs = reshape(x, [batch, time, heads, 2, half])
  const turned = add(mul(pairs, cos(angles)), mul(reverse(pairs, [3]), mul(signs, sin(angles))))
  return reshape(turned, x.shape)
}
