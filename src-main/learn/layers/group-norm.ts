import { InputError } from '#base'
import { add, broadcastInto, mul, reshape, standardize, type Tracer } from '#tensor/program'
import { defaultEpsilon, type NormParameters } from './layer-norm.ts'

/**
 * y = w ⊙ (x − mean) / √(variance + ε) + b, with mean and biased variance over each group of
 * channels of a sample, as `torch.nn.GroupNorm(groups, channels)`.
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
  // Statistics run over a group's channels and positions; scale and shift are one number a channel, and stay apart from
  // them as dimensions, so that their derivatives merge with those of the normalization.
  const members = channels / groups
  const split = reshape(x, [n, groups, members, ...positions])
  const along = (values: Tracer): Tracer =>
    broadcastInto(reshape(values, [groups, members]), split.shape, [1, 2])
  const normalized = standardize(split, epsilon, 1 + positions.length)
  const scaled = weight === null ? normalized : mul(normalized, along(weight))
  return reshape(bias === null ? scaled : add(scaled, along(bias)), x.shape)
}
