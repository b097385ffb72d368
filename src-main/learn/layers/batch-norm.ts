import { add, div, mul, reduceMean, sqrt, sub, type Tracer } from '#tensor/program'
import { alongChannels } from './channels.ts'
import { defaultEpsilon, type NormParameters } from './layer-norm.ts'

/** Mean and variance of each channel, `[channels]`. */
export interface ChannelStatistics {
  readonly mean: Tracer
  /**
   * Biased: divided by the number of entries. PyTorch's `running_var` averages it times N/(N − 1).
   */
  readonly variance: Tracer
}

/** What {@link batchNorm} gives. */
export interface BatchNormResult extends ChannelStatistics {
  /** The shape of the input. */
  readonly output: Tracer
}

/** w ⊙ centered / √(variance + ε) + b, with the factor made once a channel. */
function scaleCentered(
  centered: Tracer,
  variance: Tracer,
  { weight, bias }: NormParameters,
  epsilon: number,
): Tracer {
  const factor = div(weight ?? 1, sqrt(add(variance, epsilon)))
  const scaled = mul(centered, alongChannels(factor, centered))
  return bias === null ? scaled : add(scaled, alongChannels(bias, centered))
}

/**
 * y = w ⊙ (x − mean) / √(variance + ε) + b, with mean and biased variance of each channel over the
 * batch and all positions, as `torch.nn.BatchNorm2d` in training mode.
 *
 * The derivative goes through the statistics. They are returned so that a trainer can keep running
 * averages.
 *
 * @param x - `[n, channels, …]`.
 */
export function batchNorm(
  x: Tracer,
  parameters: NormParameters,
  epsilon: number = defaultEpsilon,
): BatchNormResult {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1)
  const mean = reduceMean(x, axes)
  const centered = sub(x, alongChannels(mean, x))
  const variance = reduceMean(mul(centered, centered), axes)
  return { output: scaleCentered(centered, variance, parameters, epsilon), mean, variance }
}

/**
 * The same map with given statistics, as `torch.nn.BatchNorm2d` in evaluation mode.
 *
 * @param x - `[n, channels, …]`.
 * @param statistics - e.g. running averages; constants of the map.
 * @returns The shape of `x`.
 */
export function batchNormWithStatistics(
  x: Tracer,
  parameters: NormParameters,
  { mean, variance }: ChannelStatistics,
  epsilon: number = defaultEpsilon,
): Tracer {
  return scaleCentered(sub(x, alongChannels(mean, x)), variance, parameters, epsilon)
}
