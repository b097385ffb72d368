import { convolutional } from '../../../../src-main/lab/bench/workloads/convolutional.ts'
import { perceptron } from '../../../../src-main/lab/bench/workloads/perceptron.ts'
import { residual } from '../../../../src-main/lab/bench/workloads/residual.ts'
import { transformer } from '../../../../src-main/lab/bench/workloads/transformer.ts'

/** One workload of each kind, with every part of its standard sizes but small. */
export const tinyWorkloads = [
  perceptron({
    id: 'perceptron',
    title: 'tiny perceptron',
    widths: [6, 5, 4, 3],
    batchSize: 7,
    blockSizes: [1, 3],
  }),
  convolutional({
    id: 'convolutional',
    title: 'tiny convolutions',
    channels: [3, 4, 4, 6],
    strides: [1, 2, 1],
    imageSize: 8,
    classes: 3,
    batchSize: 2,
    blockSizes: [1, 2],
  }),
  residual({
    id: 'residual',
    title: 'tiny residual network',
    stages: [4, 8],
    blocksPerStage: 2,
    groups: 2,
    imageSize: 8,
    classes: 3,
    batchSize: 2,
    blockSizes: [1, 2],
  }),
  transformer({
    id: 'transformer',
    title: 'tiny transformer',
    vocabulary: 11,
    width: 8,
    heads: 2,
    layers: 2,
    context: 5,
    batchSize: 3,
    blockSizes: [1, 2],
  }),
]
