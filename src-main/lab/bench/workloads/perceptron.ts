import { affine } from '#learn/layers'
import { tanh } from '#tensor/program'
import { integers, normals, targetsOf } from './batch-data.ts'
import { defineNetwork, drawParameters } from './define-network.ts'
import type { Workload } from './workload.ts'

/** Sizes of a fully connected network with biases and tanh. */
export interface PerceptronOptions {
  readonly id: string
  readonly title: string
  readonly widths: readonly number[]
  readonly batchSize: number
  readonly blockSizes: readonly number[]
  readonly extra?: Workload['extra']
}

/** Mean cross-entropy of a fully connected tanh network on normal features. */
export function perceptron(options: PerceptronOptions): Workload {
  const { widths, batchSize, ...names } = options
  const [inputs, classes] = [widths[0]!, widths.at(-1)!]
  return {
    ...names,
    twin: { kind: 'perceptron' },
    tolerance: 1e-4,
    create: (seed) => {
      const features = { dtype: 'float32', shape: [batchSize, inputs] } as const
      const { loss, layout } = defineNetwork(options.title, features, (declare, x) =>
        widths.slice(1).reduce((values, width, i) => {
          const weight = declare(`layers.${i}.weight`, [width, values.shape[1]!])
          const y = affine(values, { weight, bias: declare(`layers.${i}.bias`, [width]) })
          return i === widths.length - 2 ? y : tanh(y)
        }, x),
      )
      return {
        loss,
        layout,
        initialParameters: drawParameters(layout, seed),
        batch: [
          normals(batchSize * inputs, seed, 'features'),
          ...targetsOf(integers(batchSize, classes, seed, 'labels'), classes),
        ],
      }
    },
  }
}
