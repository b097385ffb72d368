import { createStream } from '#base'
import { initializeParameters, lossProgram, networkLayout } from '#learn/models'
import { integers, normals, targetsOf } from './batch-data.ts'
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
  const network = { widths, activation: 'tanh', bias: true } as const
  const layout = networkLayout(network)
  return {
    ...names,
    twin: { kind: 'perceptron' },
    tolerance: 1e-4,
    create: (seed) => ({
      loss: lossProgram({ network, loss: 'cross-entropy', batchSize, withAccuracy: false }),
      layout,
      initialParameters: initializeParameters(
        layout,
        'glorot-normal',
        createStream(seed, 'bench', 'parameters'),
      ),
      batch: [
        normals(batchSize * widths[0]!, seed, 'features'),
        ...targetsOf(integers(batchSize, widths.at(-1)!, seed, 'labels'), widths.at(-1)!),
      ],
    }),
  }
}
