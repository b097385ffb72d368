import type { Architecture } from '#learn/models'
import type { Task } from '#learn/tasks'

/** A task of images of `size`×`size`. */
export const imageTask = (channels: number, size: number, classes: number): Task => ({
  features: { kind: 'values', shape: [channels, size, size] },
  targets: { kind: 'classes', count: classes, perSample: 1 },
})

/** A task of tokens with one answer, or one a token. */
export const tokenTask = (length: number, vocabulary: number, perSample = length): Task => ({
  features: { kind: 'tokens', length, vocabulary },
  targets: { kind: 'classes', count: vocabulary, perSample },
})

type Of<K extends Architecture['kind']> = Extract<Architecture, { kind: K }>
type Settings<K extends Architecture['kind']> = Partial<Omit<Of<K>, 'kind'>>

/** A fully connected network, by its differences from a plain one. */
export const mlpOf = (settings: Settings<'mlp'>): Of<'mlp'> => ({
  kind: 'mlp',
  hidden: [32, 32],
  activation: 'relu',
  bias: true,
  residual: false,
  ...settings,
})

/** A convolutional network, likewise. */
export const cnnOf = (settings: Settings<'cnn'>): Of<'cnn'> => ({
  kind: 'cnn',
  channels: [16, 32],
  strides: [1, 1],
  kernel: 3,
  pooling: 'max',
  normalization: 'none',
  groups: 4,
  head: 'average',
  hidden: [],
  activation: 'relu',
  bias: true,
  ...settings,
})

/** A residual network, likewise. */
export const resnetOf = (settings: Settings<'resnet'>): Of<'resnet'> => ({
  kind: 'resnet',
  variant: 'cifar',
  blocks: 1,
  stem: 'small',
  shortcut: 'pad',
  normalization: 'batch',
  groups: 4,
  widthMultiplier: 1,
  activation: 'relu',
  ...settings,
})

/** A transformer, likewise. */
export const transformerOf = (settings: Settings<'transformer'>): Of<'transformer'> => ({
  kind: 'transformer',
  width: 64,
  layers: 2,
  heads: 4,
  mlpRatio: 4,
  norm: 'pre',
  positions: 'learned',
  tiedEmbeddings: true,
  patch: 4,
  activation: 'gelu',
  bias: true,
  ...settings,
})
