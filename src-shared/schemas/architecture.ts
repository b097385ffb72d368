import { z } from 'zod'

/** Elementwise nonlinearities a layer may use; stated in `learn/models/activations.ts`. */
export const activationSchema = z.enum([
  'tanh',
  'relu',
  'gelu',
  'silu',
  'softplus',
  'logistic',
  'identity',
])

/** Weight initializations; variances are stated in `learn/models/initializations.ts`. */
export const initializationSchema = z.enum([
  'he-normal',
  'he-uniform',
  'glorot-normal',
  'glorot-uniform',
  'lecun-normal',
  'pytorch',
  'orthogonal',
])

/** How weights and learning rates depend on the width; stated in `learn/models/parameterization.ts`. */
export const parameterizationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('standard') }).meta({ title: 'Standard' }),
  z.strictObject({ kind: z.literal('ntk') }).meta({
    title: 'Neural tangent',
    description: 'Weights of variance 1, times the deviation the initialization gives.',
  }),
  z
    .strictObject({
      kind: z.literal('mup'),
      baseWidth: z.int().min(1).max(1_000_000).default(64).meta({
        title: 'Base width',
        description: 'Width at which it is the standard parameterization.',
      }),
    })
    .meta({
      title: 'Maximal update (μP)',
      description: 'Learning rates tuned at the base width hold at any width.',
    }),
])

/** What all architectures have. */
const common = (
  activation: z.infer<typeof activationSchema>,
  initialization: z.infer<typeof initializationSchema>,
) => ({
  activation: activationSchema.default(activation).meta({ title: 'Activation' }),
  initialization: initializationSchema
    .default(initialization)
    .meta({ title: 'Initialization', advanced: true }),
  parameterization: parameterizationSchema
    .prefault({ kind: 'standard' })
    .meta({ title: 'Parameterization', advanced: true }),
  parameters: z.int().min(100).max(2_000_000_000).optional().meta({
    title: 'Parameters',
    advanced: true,
    description: 'The size is solved for to come nearest to this count; default: as it is named.',
  }),
  sizeBy: z.enum(['width', 'depth']).default('width').meta({
    title: 'Size by',
    advanced: true,
    description: 'What the count of parameters is solved for: all widths, or the number of layers.',
  }),
  weights: z.string().min(1).optional().meta({
    title: 'Start from',
    advanced: true,
    description:
      'A .safetensors or .npz file with the names of PyTorch’s state_dict, as the parameterization stores them; default: drawn.',
  }),
})

const width = z.int().min(1).max(1_000_000)
const channels = z.int().min(1).max(100_000)
const bias = z.boolean().default(true).meta({ title: 'Biases' })
const groups = z.int().min(1).max(1_024).default(8).meta({
  title: 'Groups',
  description: 'Of group normalization; divides the channels of every stage.',
})

const mlpArchitecture = z
  .strictObject({
    // Left out in many a spec: a network is fully connected unless it says otherwise.
    kind: z.literal('mlp').optional().default('mlp'),
    hidden: z.array(width).max(64).default([32, 32]).meta({
      title: 'Hidden widths',
      description: 'One number a hidden layer; empty for a linear model.',
    }),
    bias,
    residual: z.boolean().default(false).meta({
      title: 'Residual',
      description: 'Adds the input of a hidden layer to its output where the widths are equal.',
    }),
    ...common('tanh', 'glorot-uniform'),
  })
  .meta({
    title: 'Fully connected',
    description: 'Affine layers; images are flattened, tokens one-hot.',
  })

export const cnnArchitecture = z
  .strictObject({
    kind: z.literal('cnn'),
    channels: z
      .array(channels)
      .min(1)
      .max(32)
      .default([16, 32])
      .meta({ title: 'Channels', description: 'One number a stage.' }),
    strides: z
      .array(z.int().min(1).max(8))
      .min(1)
      .max(32)
      .default([1, 1])
      .meta({ title: 'Strides', description: 'Of each stage’s convolution.' }),
    kernel: z
      .int()
      .min(1)
      .max(15)
      .default(3)
      .meta({ title: 'Kernel', description: 'Height and width; odd.' }),
    pooling: z
      .enum(['none', 'max', 'average'])
      .default('max')
      .meta({ title: 'Pooling', description: 'Over windows of 2×2 after each stage.' }),
    normalization: z
      .enum(['none', 'batch', 'group', 'layer'])
      .default('none')
      .meta({ title: 'Normalization' }),
    groups,
    head: z.enum(['average', 'flatten']).default('average').meta({
      title: 'Head',
      description: 'What the affine layers see: the mean of each channel, or all positions.',
    }),
    hidden: z
      .array(width)
      .max(16)
      .default([])
      .meta({ title: 'Hidden widths', description: 'Affine layers before the output.' }),
    bias,
    ...common('relu', 'he-normal'),
  })
  .meta({ title: 'Convolutional', description: 'Stages of convolution and pooling on images.' })

export const resnetArchitecture = z
  .strictObject({
    kind: z.literal('resnet'),
    variant: z.enum(['cifar', 'imagenet']).default('cifar').meta({
      title: 'Variant',
      description: 'Three stages from 16 channels, or four from 64.',
    }),
    blocks: z.int().min(1).max(100).default(1).meta({
      title: 'Blocks a stage',
      description: 'n: 6n + 2 layers (cifar; 3 is ResNet-20), 8n + 2 (imagenet; 2 is ResNet-18).',
    }),
    stem: z.enum(['small', 'large']).default('small').meta({
      title: 'Stem',
      description: '3×3, or 7×7 with stride 2 and pooling for images of 224×224.',
    }),
    shortcut: z.enum(['pad', 'projection']).default('pad').meta({
      title: 'Shortcut',
      description: 'Between stages: zeros behind the old channels (A), or a 1×1 convolution (B).',
    }),
    normalization: z
      .enum(['none', 'batch', 'group'])
      .default('batch')
      .meta({ title: 'Normalization' }),
    groups,
    widthMultiplier: z
      .number()
      .positive()
      .max(1_000)
      .default(1)
      .meta({ title: 'Width multiplier', description: 'Times the channels of all stages.' }),
    ...common('relu', 'he-normal'),
  })
  .meta({ title: 'Residual', description: 'Basic blocks with shortcuts, on images.' })

export const transformerArchitecture = z
  .strictObject({
    kind: z.literal('transformer'),
    width: width
      .default(64)
      .meta({ title: 'Width', description: 'Of the residual stream; divided by the heads.' }),
    layers: z.int().min(1).max(1_000).default(2).meta({ title: 'Layers' }),
    heads: z.int().min(1).max(1_000).default(4).meta({ title: 'Heads' }),
    mlpRatio: z.number().positive().max(64).default(4).meta({
      title: 'Feed-forward ratio',
      description: 'Width of a feed-forward part over that of the stream.',
    }),
    norm: z.enum(['pre', 'post']).default('pre').meta({
      title: 'Layer normalization',
      description: 'Before each part of a layer, or after each sum.',
    }),
    positions: z.enum(['learned', 'rotary']).default('learned').meta({ title: 'Positions' }),
    tiedEmbeddings: z.boolean().default(true).meta({
      title: 'Tied embeddings',
      description: 'The output layer of a language model is its table of tokens.',
    }),
    patch: z
      .int()
      .min(1)
      .max(1_024)
      .default(4)
      .meta({ title: 'Patch', description: 'Height and width that images are cut into.' }),
    bias,
    ...common('gelu', 'glorot-uniform'),
  })
  .meta({
    title: 'Transformer',
    description: 'Causal language model on text; encoder where a sample has one answer.',
  })

/** Which network, how it is drawn and how it scales; its inputs and outputs come from the data. */
export const architectureSchema = z
  .discriminatedUnion('kind', [
    mlpArchitecture,
    cnnArchitecture,
    resnetArchitecture,
    transformerArchitecture,
  ])
  .meta({ title: 'Model' })

export type Activation = z.infer<typeof activationSchema>
export type Initialization = z.infer<typeof initializationSchema>
export type ArchitectureSpec = z.infer<typeof architectureSchema>
