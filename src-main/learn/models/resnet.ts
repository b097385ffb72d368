import { globalAveragePool, maxPool2d, subsample2d } from '#learn/layers'
import { InputError } from '#base'
import type { Task } from '#learn/tasks'
import { add, pad, type Tracer } from '#tensor/program'
import { activations, type Activation } from './activations.ts'
import { convolution } from './blocks.ts'
import type { NetworkDefinition } from './definition.ts'
import { checkInteger, imageExtents, readout } from './fit.ts'
import { normalizeChannels } from './normalizations.ts'
import type { Scope } from './scope.ts'

/** A residual network of basic blocks. */
export interface ResnetSettings {
  /** `cifar`: three stages of 16, 32 and 64 channels; `imagenet`: four of 64, 128, 256 and 512. */
  readonly variant: 'cifar' | 'imagenet'
  /**
   * Blocks a stage, n: the network has 6n + 2 layers (`cifar`; n = 3 is ResNet-20) or 8n + 2 (`imagenet`; n = 2 is
   * ResNet-18).
   */
  readonly blocks: number
  /** `small`: 3×3, stride 1. `large`: 7×7, stride 2, then the largest of 3×3, stride 2 (for images of 224×224). */
  readonly stem: 'small' | 'large'
  /**
   * Of the first block of a stage: `pad` takes every second row and column and appends channels of zeros (option A),
   * `projection` is a normalized 1×1 convolution (option B).
   */
  readonly shortcut: 'pad' | 'projection'
  readonly normalization: 'none' | 'batch' | 'group'
  /** Groups of channels of the normalization `group`. */
  readonly groups: number
  /** The channels of all stages are multiplied by this (and rounded at the first stage). */
  readonly widthMultiplier: number
  readonly activation: Activation
}

/** Stages, and channels of the first. */
const variants = { cifar: { stages: 3, base: 16 }, imagenet: { stages: 4, base: 64 } } as const

/** Channels of the first stage of a variant before `widthMultiplier`. */
export const resnetBase = (variant: ResnetSettings['variant']): number => variants[variant].base

interface Block {
  readonly name: string
  readonly channels: number
  readonly stride: number
}

function blocksOf({ variant, blocks }: ResnetSettings, width: number): Block[] {
  return Array.from({ length: variants[variant].stages }, (_, stage) =>
    Array.from({ length: blocks }, (_, index) => ({
      name: `layer${stage + 1}.${index}`,
      channels: width * 2 ** stage,
      stride: stage > 0 && index === 0 ? 2 : 1,
    })),
  ).flat()
}

/** Writes blocks of one network down. */
class BlockWriter {
  private readonly settings: ResnetSettings
  private readonly activation: (x: Tracer) => Tracer
  /** Without normalization: what the first weight of a branch is multiplied by. */
  private readonly firstGain: number

  constructor(settings: ResnetSettings, blockCount: number) {
    this.settings = settings
    this.activation = activations[settings.activation]
    this.firstGain = 1 / Math.sqrt(blockCount)
  }

  stem(scope: Scope, images: Tracer, width: number): Tracer {
    const isLarge = this.settings.stem === 'large'
    const [kernel, stride] = isLarge ? [7, 2] : [3, 1]
    const values = this.activation(
      this.normalizedConvolution(scope, ['conv1', 'bn1'], images, width, {
        role: 'input',
        kernel,
        stride,
      }),
    )
    return isLarge ? maxPool2d(values, { kernel: [3, 3], stride: [2, 2], padding: [1, 1] }) : values
  }

  block(scope: Scope, x: Tracer, { channels, stride }: Block): Tracer {
    const isPlain = this.settings.normalization === 'none'
    const inner = this.normalizedConvolution(scope, ['conv1', 'bn1'], x, channels, {
      kernel: 3,
      stride,
      gain: isPlain ? this.firstGain : 1,
    })
    const outer = this.normalizedConvolution(
      scope,
      ['conv2', 'bn2'],
      this.activation(inner),
      channels,
      { kernel: 3, stride: 1, gain: isPlain ? 0 : 1 },
    )
    return this.activation(add(outer, this.shortcut(scope, x, channels, stride)))
  }

  private shortcut(scope: Scope, x: Tracer, channels: number, stride: number): Tracer {
    const inputs = x.shape[1]!
    if (inputs === channels && stride === 1) return x
    if (this.settings.shortcut === 'projection') {
      return this.normalizedConvolution(scope, ['downsample.0', 'downsample.1'], x, channels, {
        kernel: 1,
        stride,
      })
    }
    return pad(subsample2d(x, stride), [0, 0, 0, 0], [0, channels - inputs, 0, 0])
  }

  private normalizedConvolution(
    scope: Scope,
    [convolutionName, normName]: readonly [string, string],
    x: Tracer,
    channels: number,
    options: {
      readonly role?: 'input'
      readonly kernel: number
      readonly stride: number
      readonly gain?: number
    },
  ): Tracer {
    const { role = 'hidden', ...window } = options
    const bias = this.settings.normalization === 'none'
    const y = convolution(scope.within(convolutionName), x, channels, { role, bias, ...window })
    return normalizeChannels(scope.within(normName), y, this.settings)
  }
}

/**
 * The residual network of He et al. under torchvision's names: `conv1`, `bn1`, `layer1.0.conv1`, `layer1.0.bn1`,
 * `layer1.0.conv2`, `layer1.0.bn2`, `layer2.0.downsample.0`, `layer2.0.downsample.1`, …, `fc`.
 *
 * A block is x ← σ(norm(conv(σ(norm(conv(x))))) + shortcut(x)); stages halve the extents but the first and double
 * the channels; the mean of each channel goes into `fc`. Convolutions have no biases unless `normalization` is
 * `none`: then, after Fixup, the second convolution of a block starts at 0 and the first is drawn L^(−1/2)
 * times narrower, with L blocks, so that a network of any depth starts as a shallow one and trains.
 *
 * Parameters, with w = channels of the first stage, c input channels, o outputs, n blocks a stage and normalization:
 * stem w·(k²·c + 2); n·(18·v² + 4·v) a stage of v channels, less 9·v²/2 in all but the first (whose first convolution
 * sees v/2), + v²/2 + 2·v there with projections; (v + 1)·o for `fc`. Without normalization 2·v becomes v.
 *
 * @throws InputError naming `model.kind` if the task has no images, or the setting that does not fit.
 * @see He, Zhang, Ren and Sun, Deep residual learning for image recognition (2016), sections 3.3, 4.1 and 4.2
 * @see Zhang, Dauphin and Ma, Fixup initialization (2019), section 3
 */
export function resnet(settings: ResnetSettings, task: Task): NetworkDefinition {
  imageExtents('resnet', task)
  const { variant, blocks, widthMultiplier } = settings
  checkInteger('model.blocks', blocks, 1, 100)
  const { stages, base } = variants[variant]
  const width = Math.round(base * widthMultiplier)
  if (!(width >= 1 && width <= 100_000)) {
    throw new InputError(
      'model.widthMultiplier',
      `model.widthMultiplier must give 1…100,000 channels in the first stage, got ${widthMultiplier} of ${base}`,
    )
  }
  const all = blocksOf(settings, width)
  return {
    label: `resnet-${2 * stages * blocks + 2} ${width}`,
    width,
    apply: (scope, images) => {
      const writer = new BlockWriter(settings, all.length)
      const values = all.reduce(
        (x, block) => writer.block(scope.within(block.name), x, block),
        writer.stem(scope, images, width),
      )
      return readout(scope.within('fc'), globalAveragePool(values), task, true)
    },
  }
}
