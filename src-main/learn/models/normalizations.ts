import { InputError } from '#base'
import {
  batchNorm,
  batchNormWithStatistics,
  groupNorm,
  layerNorm,
  type NormParameters,
} from '#learn/layers'
import { sizeOf } from '#tensor/dense'
import { add, mul, type Tracer } from '#tensor/program'
import type { Scope } from './scope.ts'

/**
 * What follows a convolution:
 *
 * - `none`: nothing; the convolution has a bias instead.
 * - `batch`: each channel over the batch and all positions; running statistics in mode `evaluate`.
 * - `group`: groups of channels and all positions of a sample.
 * - `layer`: all channels and positions of a sample, which is one group.
 */
export type ChannelNormalization = 'none' | 'batch' | 'group' | 'layer'

/** Share of a step in the running statistics, as PyTorch's default. */
const momentum = 0.1

/** `weight` of ones and `bias` of zeros, `[size]`. */
const scaleAndShift = (scope: Scope, size: number): NormParameters => ({
  weight: scope.parameter('weight', [size], { kind: 'constant', value: 1 }),
  bias: scope.parameter('bias', [size], { kind: 'constant', value: 0 }),
})

/**
 * Batch normalization as `torch.nn.BatchNorm2d`: in mode `train` by the batch's own mean and variance, which also
 * move the running ones by a tenth (the variance as N/(N − 1) times the biased one, N entries a channel).
 */
function normalizeBatch(scope: Scope, x: Tracer): Tracer {
  const channels = x.shape[1]!
  const parameters = scaleAndShift(scope, channels)
  const mean = scope.buffer('running_mean', [channels], 0)
  const variance = scope.buffer('running_var', [channels], 1)
  if (scope.mode === 'evaluate') {
    return batchNormWithStatistics(x, parameters, { mean, variance })
  }
  const entries = sizeOf(x.shape) / channels
  if (entries < 2) {
    throw new InputError(
      'model.normalization',
      'model.normalization batch wants 2 values a channel or more, got 1: use larger batches or images',
    )
  }
  const batch = batchNorm(x, parameters)
  const move = (running: Tracer, now: Tracer, correction: number): Tracer =>
    add(mul(running, 1 - momentum), mul(now, momentum * correction))
  scope.updateBuffer('running_mean', move(mean, batch.mean, 1))
  scope.updateBuffer('running_var', move(variance, batch.variance, entries / (entries - 1)))
  return batch.output
}

/**
 * Normalizes the channels of images, with parameters `weight` and `bias` `[channels]`.
 *
 * @param x - `[n, channels, height, width]`.
 * @param options.groups - Of the normalization `group`.
 * @returns The shape of `x`.
 * @throws InputError naming `model.groups` if it does not divide the channels.
 */
export function normalizeChannels(
  scope: Scope,
  x: Tracer,
  options: { readonly normalization: ChannelNormalization; readonly groups: number },
): Tracer {
  const { normalization, groups } = options
  const channels = x.shape[1]!
  switch (normalization) {
    case 'none':
      return x
    case 'batch':
      return normalizeBatch(scope, x)
    case 'layer':
      return groupNorm(x, 1, scaleAndShift(scope, channels))
    case 'group':
      if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
        throw new InputError(
          'model.groups',
          `model.groups must divide the channels of all stages, got ${groups} for ${channels}`,
        )
      }
      return groupNorm(x, groups, scaleAndShift(scope, channels))
  }
}

/**
 * A layer normalization whose parameters `weight` and `bias` `[width]` are declared now, to be applied later:
 * the flat order then is that of a module's list, wherever in a block the normalization acts.
 */
export function prepareLayerNorm(scope: Scope, width: number): (x: Tracer) => Tracer {
  const parameters = scaleAndShift(scope, width)
  return (x) => layerNorm(x, parameters)
}
