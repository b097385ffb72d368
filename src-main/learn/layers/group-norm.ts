import { InputError } from '#base'
import {
  add,
  broadcastInto,
  inverseDeviation,
  mul,
  neg,
  reduceMean,
  reshape,
  sub,
  type Tracer,
} from '#tensor/program'
import { defaultEpsilon, type NormParameters } from './layer-norm.ts'

/**
 * y = w ⊙ (x − mean) / √(variance + ε) + b, with mean and biased variance over each group of
 * channels of a sample, as `torch.nn.GroupNorm(groups, channels)`.
 *
 * Computed as y = a·x + c with one a and c for each sample and channel, as PyTorch does: a mean of many deviations costs
 * as many units of rounding.
 *
 * @param x - `[n, channels, …]`.
 * @param groups - Divides `channels`; `channels` gives instance normalization.
 * @returns The shape of `x`.
 * @throws InputError if `groups` does not divide the channels.
 */
export function groupNorm(
  x: Tracer,
  groups: number,
  { weight, bias }: NormParameters,
  epsilon: number = defaultEpsilon,
): Tracer {
  const [n, channels, ...positions] = x.shape as [number, number, ...number[]]
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new InputError('groups', `groups must divide ${channels} channels, got ${groups}`)
  }
  // Statistics run over a group's channels and positions; scale and shift are one number a channel. Both together are one
  // number a sample and channel, so that a value passes one product and one sum, and its derivatives as few.
  const members = channels / groups
  const split = reshape(x, [n, groups, members, ...positions])
  const dimensions = split.shape.map((_, axis) => axis).slice(2)
  const perGroup = (values: Tracer): Tracer => broadcastInto(values, [n, groups, members], [0, 1])
  const perChannel = (values: Tracer): Tracer =>
    broadcastInto(reshape(values, [groups, members]), [n, groups, members], [1, 2])
  const mean = perGroup(reduceMean(split, dimensions))
  const inverse = perGroup(inverseDeviation(split, epsilon, dimensions.length))
  const scale = weight === null ? inverse : mul(inverse, perChannel(weight))
  const moved = mul(scale, mean)
  const shift = bias === null ? neg(moved) : sub(perChannel(bias), moved)
  const along = (values: Tracer): Tracer => broadcastInto(values, split.shape, [0, 1, 2])
  return reshape(add(mul(along(scale), split), along(shift)), x.shape)
}
