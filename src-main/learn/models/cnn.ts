import { InputError } from '#base'
import { averagePool2d, globalAveragePool, maxPool2d } from '#learn/layers'
import type { Task } from '#learn/tasks'
import { sizeOf } from '#tensor/dense'
import { reshape, type Tracer } from '#tensor/program'
import { activations, type Activation } from './activations.ts'
import { convolution, linear } from './blocks.ts'
import type { NetworkDefinition } from './definition.ts'
import { checkInteger, imageExtents, readout } from './fit.ts'
import { normalizeChannels, type ChannelNormalization } from './normalizations.ts'
import type { Scope } from './scope.ts'

/** A convolutional network: stages of convolution, normalization, nonlinearity and pooling, then affine layers. */
export interface CnnSettings {
  /** Channels of each stage. */
  readonly channels: readonly number[]
  /** Stride of each stage's convolution; as many as `channels`. */
  readonly strides: readonly number[]
  /** Height and width of the kernels; odd. */
  readonly kernel: number
  /** Over windows of 2×2 after each stage. */
  readonly pooling: 'none' | 'max' | 'average'
  readonly normalization: ChannelNormalization
  /** Groups of channels of the normalization `group`; divides all of `channels`. */
  readonly groups: number
  /** What the affine layers see: the mean of each channel, or all positions. */
  readonly head: 'average' | 'flatten'
  /** Widths of affine layers between the stages and the output. */
  readonly hidden: readonly number[]
  readonly activation: Activation
  /** Of affine layers, and of convolutions without normalization. */
  readonly bias: boolean
}

function checkSettings({ channels, strides, kernel, hidden }: CnnSettings): void {
  checkInteger('model.kernel', kernel, 1, 15)
  if (kernel % 2 === 0)
    throw new InputError('model.kernel', `model.kernel must be odd, got ${kernel}`)
  if (channels.length < 1) {
    throw new InputError('model.channels', 'model.channels must name 1 stage or more, got none')
  }
  if (strides.length !== channels.length) {
    throw new InputError(
      'model.strides',
      `model.strides must be as many as model.channels, ${channels.length}, got ${strides.length}`,
    )
  }
  channels.forEach((count) => checkInteger('model.channels', count, 1, 100_000))
  strides.forEach((stride) => checkInteger('model.strides', stride, 1, 8))
  hidden.forEach((width) => checkInteger('model.hidden', width, 1, 1_000_000))
}

function pool(x: Tracer, kind: CnnSettings['pooling']): Tracer {
  if (kind === 'none') return x
  const [, , height, width] = x.shape
  if (height! < 2 || width! < 2) {
    throw new InputError(
      'model.pooling',
      `model.pooling ${kind} wants 2×2 positions or more in all stages, got ${height!}×${width!}: use fewer stages`,
    )
  }
  const windows = { kernel: [2, 2] } as const
  return kind === 'max' ? maxPool2d(x, windows) : averagePool2d(x, windows)
}

/**
 * The convolutional network `stages.0.conv`, `stages.0.norm`, `stages.1.conv`, …, `layers.0`, `layers.1`, …:
 * h ← pool(σ(norm(conv(h)))) in each stage, with kernels of `kernel`² padded to keep the extents at stride 1; then the
 * mean of each channel or all entries; then affine layers with nonlinearities, the last without.
 *
 * Parameters: Σ out·in·kernel² over stages, + out a stage for biases (without normalization) or 2·out (with), and
 * Σ out·(in + 1) over the affine layers.
 *
 * @throws InputError naming `model.kind` if the task has no images, or the setting that does not fit.
 */
export function cnn(settings: CnnSettings, task: Task): NetworkDefinition {
  imageExtents('cnn', task)
  checkSettings(settings)
  const { channels, hidden, head, bias, normalization } = settings
  const activation = activations[settings.activation]
  const stage = (scope: Scope, x: Tracer, index: number): Tracer => {
    const convolved = convolution(scope.within('conv'), x, channels[index]!, {
      role: index === 0 ? 'input' : 'hidden',
      bias: bias && normalization === 'none',
      kernel: settings.kernel,
      stride: settings.strides[index]!,
    })
    return pool(
      activation(normalizeChannels(scope.within('norm'), convolved, settings)),
      settings.pooling,
    )
  }
  return {
    label: `cnn ${[...channels, ...hidden].join('-')}`,
    width: channels[0]!,
    apply: (scope, batch) => {
      const images = channels.reduce((x, _, i) => stage(scope.within(`stages.${i}`), x, i), batch)
      const [count, ...extents] = images.shape as [number, ...number[]]
      const flat =
        head === 'average' ? globalAveragePool(images) : reshape(images, [count, sizeOf(extents)])
      const values = hidden.reduce(
        (x, width, i) =>
          activation(linear(scope.within(`layers.${i}`), x, width, { role: 'hidden', bias })),
        flat,
      )
      return readout(scope.within(`layers.${hidden.length}`), values, task, bias)
    },
  }
}
