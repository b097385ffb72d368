import { InputError } from '#base'
import { convolutional } from './convolutional.ts'
import { perceptron } from './perceptron.ts'
import { residual } from './residual.ts'
import { transformer } from './transformer.ts'
import type { Workload } from './workload.ts'

const W1 = perceptron({
  id: 'W1',
  title: 'MLP 64-64-64-10, batch 128',
  widths: [64, 64, 64, 10],
  batchSize: 128,
  blockSizes: [1, 8, 32, 64, 128],
  extra: 'population',
})

const W2 = perceptron({
  id: 'W2',
  title: 'MLP 784-512-512-10, batch 1024',
  widths: [784, 512, 512, 10],
  batchSize: 1024,
  blockSizes: [1, 4, 8, 16],
})

const W3 = convolutional({
  id: 'W3',
  title: 'CNN of five 3x3 convolutions, 32x32x3, batch 128',
  channels: [3, 16, 16, 32, 32, 64],
  strides: [1, 1, 2, 1, 2],
  imageSize: 32,
  classes: 10,
  batchSize: 128,
  blockSizes: [1, 4, 8, 16],
})

const W4 = residual({
  id: 'W4',
  title: 'ResNet-20 with group norm, 32x32x3, batch 128',
  stages: [16, 32, 64],
  blocksPerStage: 3,
  groups: 8,
  imageSize: 32,
  classes: 10,
  batchSize: 128,
  blockSizes: [1, 4, 8],
})

const W5 = transformer({
  id: 'W5',
  title: 'transformer of width 128, 4 layers, context 64, batch 32',
  vocabulary: 256,
  width: 128,
  heads: 4,
  layers: 4,
  context: 64,
  batchSize: 32,
  blockSizes: [1, 2, 4, 8],
})

const W6 = perceptron({
  id: 'W6',
  title: 'MLP of 50 layers of width 128, 10 outputs, batch 128',
  widths: [...new Array<number>(50).fill(128), 10],
  batchSize: 128,
  blockSizes: [1, 8, 16, 32],
  extra: 'readiness',
})

/** The workloads that figures are kept of, by their names in every report. */
export const standardWorkloads: readonly Workload[] = [W1, W2, W3, W4, W5, W6]

/**
 * Workloads by name, in the order of the list; all of them for no names.
 *
 * @throws InputError if a name is none of theirs.
 */
export function workloadsNamed(names: readonly string[]): readonly Workload[] {
  const known = standardWorkloads.map(({ id }) => id)
  const unknown = names.find((name) => !known.includes(name.toUpperCase()))
  if (unknown !== undefined) {
    throw new InputError('workload', `no workload ${unknown}; there are ${known.join(', ')}`)
  }
  const wanted = names.map((name) => name.toUpperCase())
  return standardWorkloads.filter(({ id }) => wanted.length === 0 || wanted.includes(id))
}
