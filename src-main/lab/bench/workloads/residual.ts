import { affine, conv2d, globalAveragePool, groupNorm } from '#learn/layers'
import { add, relu, type Tracer } from '#tensor/program'
import { integers, normals, targetsOf } from './batch-data.ts'
import { defineNetwork, drawParameters, type Declare } from './define-network.ts'
import type { Workload } from './workload.ts'

/** Sizes of a residual network in the CIFAR layout. */
export interface ResidualOptions {
  readonly id: string
  readonly title: string
  /** Channels of each stage; the stem has those of the first. */
  readonly stages: readonly number[]
  readonly blocksPerStage: number
  /** Of the normalizations. */
  readonly groups: number
  readonly imageSize: number
  readonly classes: number
  readonly batchSize: number
  readonly blockSizes: readonly number[]
}

interface Block {
  readonly channels: number
  readonly stride: number
}

/**
 * Mean cross-entropy of a residual network on normal images: a 3x3 stem, basic blocks of two 3x3 convolutions,
 * stride 2 and a 1x1 convolution on the shortcut from stage to stage, group norm after each
 * convolution, ReLU, global average pooling and a linear head.
 *
 * @see He, Zhang, Ren and Sun, Deep residual learning for image recognition (2016), section 4.2
 */
export function residual(options: ResidualOptions): Workload {
  const { id, title, stages, blocksPerStage, groups, imageSize, classes, batchSize } = options
  const shape = [batchSize, 3, imageSize, imageSize]
  const blocks = stages.flatMap((channels, stage) =>
    Array.from({ length: blocksPerStage }, (_, i): Block => ({
      channels,
      stride: stage > 0 && i === 0 ? 2 : 1,
    })),
  )
  return {
    id,
    title,
    blockSizes: options.blockSizes,
    twin: { kind: 'residual', strides: blocks.map(({ stride }) => stride), groups },
    // At the kinks of ReLU a rounding decides whether an activation counts: in float32 the products of W4 are 5e-5
    // (PyTorch) and 1.5e-4 (ours) from those in float64; with GELU instead both agree to 2e-6.
    tolerance: 1e-3,
    create: (seed) => {
      const { loss, layout } = defineNetwork(title, { dtype: 'float32', shape }, (declare, x) => {
        let values = relu(normalizedConvolution(declare, 'stem', x, stages[0]!, 1, 3, groups))
        blocks.forEach((block, i) => {
          values = basicBlock(declare, `block.${i}`, values, block, groups)
        })
        const weight = declare('head.weight', [classes, stages.at(-1)!])
        return affine(globalAveragePool(values), { weight, bias: declare('head.bias', [classes]) })
      })
      return {
        loss,
        layout,
        initialParameters: drawParameters(layout, seed),
        batch: [
          normals(batchSize * 3 * imageSize ** 2, seed, 'features'),
          ...targetsOf(integers(batchSize, classes, seed, 'labels'), classes),
        ],
      }
    },
  }
}

function basicBlock(
  declare: Declare,
  name: string,
  x: Tracer,
  { channels, stride }: Block,
  groups: number,
): Tracer {
  const convolution = (part: string, from: Tracer, step: number, kernel: number): Tracer =>
    normalizedConvolution(declare, `${name}.${part}`, from, channels, step, kernel, groups)
  const inner = relu(convolution('first', x, stride, 3))
  const outer = convolution('second', inner, 1, 3)
  return relu(add(outer, stride === 1 ? x : convolution('shortcut', x, stride, 1)))
}

function normalizedConvolution(
  declare: Declare,
  name: string,
  x: Tracer,
  channels: number,
  stride: number,
  kernel: number,
  groups: number,
): Tracer {
  const weight = declare(`${name}.kernel`, [channels, x.shape[1]!, kernel, kernel])
  const padding = (kernel - 1) / 2
  const y = conv2d(
    x,
    { weight, bias: null },
    { stride: [stride, stride], padding: [padding, padding] },
  )
  return groupNorm(y, groups, {
    weight: declare(`${name}.norm.weight`, [channels]),
    bias: declare(`${name}.norm.bias`, [channels]),
  })
}
