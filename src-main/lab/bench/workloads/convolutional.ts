import { affine, conv2d, globalAveragePool } from '#learn/layers'
import { tanh } from '#tensor/program'
import { integers, normals, targetsOf } from './batch-data.ts'
import { defineNetwork, drawParameters } from './define-network.ts'
import type { Workload } from './workload.ts'

/** Sizes of a convolutional network. */
export interface ConvolutionalOptions {
  readonly id: string
  readonly title: string
  /** Input channels, then those of each convolution. */
  readonly channels: readonly number[]
  /** One a convolution. */
  readonly strides: readonly number[]
  /** Height and width of the images. */
  readonly imageSize: number
  readonly classes: number
  readonly batchSize: number
  readonly blockSizes: readonly number[]
}

/**
 * Mean cross-entropy of 3x3 convolutions with padding 1 and no bias, tanh after each, global average pooling
 * and a linear head without bias, on normal images.
 */
export function convolutional(options: ConvolutionalOptions): Workload {
  const { id, title, channels, strides, imageSize, classes, batchSize, blockSizes } = options
  const shape = [batchSize, channels[0]!, imageSize, imageSize]
  return {
    id,
    title,
    blockSizes,
    twin: { kind: 'convolutional', strides },
    tolerance: 1e-4,
    create: (seed) => {
      const { loss, layout } = defineNetwork(title, { dtype: 'float32', shape }, (declare, x) => {
        let values = x
        strides.forEach((stride, i) => {
          const weight = declare(`conv.${i}`, [channels[i + 1]!, channels[i]!, 3, 3])
          const window = { stride: [stride, stride], padding: [1, 1] } as const
          values = tanh(conv2d(values, { weight, bias: null }, window))
        })
        const weight = declare('head', [classes, channels.at(-1)!])
        return affine(globalAveragePool(values), { weight, bias: null })
      })
      const size = batchSize * channels[0]! * imageSize ** 2
      return {
        loss,
        layout,
        initialParameters: drawParameters(layout, seed),
        batch: [
          normals(size, seed, 'features'),
          ...targetsOf(integers(batchSize, classes, seed, 'labels'), classes),
        ],
      }
    },
  }
}
