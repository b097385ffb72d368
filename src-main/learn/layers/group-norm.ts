import { InputError } from '#base'
import { add, mul, reshape, standardize, type Tracer } from '#tensor/program'
import { alongChannels } from './channels.ts'
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
  const size = positions.reduce((product, extent) => product * extent, channels / groups)
  const normalized = reshape(standardize(reshape(x, [n, groups, size]), epsilon), x.shape)
  const scaled = weight === null ? normalized : mul(normalized, alongChannels(weight, x))
  return bias === null ? scaled : add(scaled, alongChannels(bias, x))
}
