import { z } from 'zod'

/** Elementwise nonlinearities a layer may use. */
export const activationSchema = z.enum(['tanh', 'relu', 'gelu', 'softplus', 'identity'])

/** Weight initializations; variances are stated in `learn/models/initializers.ts`. */
export const initializationSchema = z.enum([
  'he-normal',
  'he-uniform',
  'glorot-normal',
  'glorot-uniform',
  'lecun-normal',
  'pytorch',
  'orthogonal',
])

const width = z.int().min(1).max(1_000_000)

/** A fully connected network inside an experiment; its input and output widths come from the data. */
export const architectureSchema = z
  .strictObject({
    kind: z.literal('mlp').default('mlp').meta({ title: 'Architecture' }),
    hidden: z.array(width).max(64).default([32, 32]).meta({
      title: 'Hidden widths',
      description: 'One number a hidden layer; empty for a linear model.',
    }),
    activation: activationSchema.default('tanh').meta({ title: 'Activation' }),
    bias: z.boolean().default(true).meta({ title: 'Biases' }),
    initialization: initializationSchema
      .default('glorot-uniform')
      .meta({ title: 'Initialization' }),
  })
  .meta({ title: 'Model' })

/** A fully connected network that stands alone: all widths named, as `saddle probe` wants it. */
export const networkSchema = z.strictObject({
  kind: z.literal('mlp'),
  widths: z.array(width).min(2).max(66),
  activation: activationSchema.default('tanh'),
  bias: z.boolean().default(true),
})

const validationFraction = z.number().min(0).max(0.9).default(0.2).meta({
  title: 'Validation fraction',
  description: 'Share of the samples held out, drawn by the seed.',
})
const sampleCount = z.int().min(2).max(10_000_000)
const dimension = z.int().min(1).max(100_000)
const noise = z.number().min(0).max(1_000)

const digitsData = z.strictObject({ kind: z.literal('digits'), validationFraction }).meta({
  title: 'Digits 8×8',
  description: '1,797 handwritten digits, 64 pixels, 10 classes (UCI).',
})
const mnistData = z
  .strictObject({
    kind: z.literal('mnist'),
    samples: z.int().min(2).max(10_000).default(10_000).meta({ title: 'Samples' }),
    validationFraction,
  })
  .meta({ title: 'MNIST 10k', description: '10,000 handwritten digits, 784 pixels, 10 classes.' })
const textData = z
  .strictObject({
    kind: z.literal('text'),
    context: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .meta({ title: 'Context', description: 'Bytes seen before the one to predict.' }),
    samples: sampleCount.max(500_000).default(20_000).meta({ title: 'Samples' }),
    validationFraction,
  })
  .meta({
    title: 'English text',
    description: 'Next byte of the King James Bible from the bytes before it.',
  })
const mixtureData = z
  .strictObject({
    kind: z.literal('gaussian-mixture'),
    dimension: dimension.default(16).meta({ title: 'Dimension' }),
    intrinsicDimension: dimension.optional().meta({
      title: 'Intrinsic dimension',
      description: 'Dimensions that carry signal and noise; default: all.',
    }),
    classes: z.int().min(2).max(1_000).default(4).meta({ title: 'Classes' }),
    samples: sampleCount.default(2_000).meta({ title: 'Samples' }),
    separation: noise
      .default(3)
      .meta({ title: 'Separation', description: 'Typical distance between class means.' }),
    noise: noise
      .default(1)
      .meta({ title: 'Noise', description: 'Standard deviation within a class.' }),
    labelNoise: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .meta({ title: 'Label noise', description: 'Share of labels drawn anew.' }),
    validationFraction,
  })
  .meta({ title: 'Gaussian mixture' })
const teacherData = z
  .strictObject({
    kind: z.literal('teacher-student'),
    dimension: dimension.default(16).meta({ title: 'Dimension' }),
    outputs: z.int().min(1).max(1_000).default(1).meta({ title: 'Outputs' }),
    teacherHidden: z.array(width).max(8).default([8]).meta({ title: 'Teacher’s hidden widths' }),
    teacherActivation: activationSchema.default('tanh').meta({ title: 'Teacher’s activation' }),
    samples: sampleCount.default(2_000).meta({ title: 'Samples' }),
    noise: noise
      .default(0.1)
      .meta({ title: 'Noise', description: 'Standard deviation added to the targets.' }),
    validationFraction,
  })
  .meta({ title: 'Teacher and student' })
const fileData = z
  .strictObject({
    kind: z.literal('file'),
    path: z.string().min(1).meta({
      title: 'File',
      description: '.npz or .safetensors with x and y, or .csv(.gz) with the target last.',
    }),
    task: z
      .enum(['classification', 'regression'])
      .default('classification')
      .meta({ title: 'Task' }),
    standardize: z.boolean().default(true).meta({ title: 'Standardize features' }),
    validationFraction,
  })
  .meta({ title: 'File on this machine' })

/** Where an experiment's samples come from. */
export const dataSchema = z.discriminatedUnion('kind', [
  digitsData,
  mnistData,
  textData,
  mixtureData,
  teacherData,
  fileData,
])

const learningRate = (value: number) =>
  z.number().positive().max(1_000).default(value).meta({ title: 'Learning rate' })
const decay = (value: number, title: string) =>
  z.number().min(0).lt(1).default(value).meta({ title })

/** Optimizers, each a chain of transforms; see `learn/optimizers`. */
export const optimizerSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('sgd'), learningRate: learningRate(0.1) })
    .meta({ title: 'SGD' }),
  z
    .strictObject({
      kind: z.literal('momentum'),
      learningRate: learningRate(0.05),
      momentum: decay(0.9, 'Momentum'),
      nesterov: z.boolean().default(false).meta({ title: 'Nesterov' }),
    })
    .meta({ title: 'Momentum' }),
  z
    .strictObject({
      kind: z.literal('adam'),
      learningRate: learningRate(0.003),
      beta1: decay(0.9, 'β₁'),
      beta2: decay(0.999, 'β₂'),
      epsilon: z.number().positive().max(1).default(1e-8).meta({ title: 'ε' }),
    })
    .meta({ title: 'Adam' }),
])

/** Loss functions; always the mean over samples. Squared error is ½‖f − y‖² per sample. */
export const lossSchema = z.enum(['cross-entropy', 'squared-error'])

/** How an experiment's network is trained. */
export const trainSchema = z
  .strictObject({
    loss: lossSchema.default('cross-entropy').meta({ title: 'Loss' }),
    optimizer: optimizerSchema.prefault({ kind: 'adam' }),
    batchSize: z.int().min(1).max(1_000_000).default(64).meta({ title: 'Batch size' }),
    epochs: z.int().min(0).max(1_000_000).default(40).meta({ title: 'Epochs' }),
    evaluateEverySteps: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(25)
      .meta({ title: 'Evaluate every', description: 'Steps between two rows of metrics.' }),
    checkpointEverySteps: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(200)
      .meta({ title: 'Checkpoint every', description: 'Steps between two checkpoints.' }),
  })
  .meta({ title: 'Training' })

/** What is measured on the trained network; the Hessian is that of the mean training loss. */
export const measureSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('eigenpairs'),
      top: z.int().min(0).max(200).default(10).meta({ title: 'Largest' }),
      bottom: z.int().min(0).max(200).default(3).meta({ title: 'Smallest' }),
      tolerance: z.number().positive().max(0.1).default(1e-3).meta({
        title: 'Tolerance',
        description:
          'Residual ‖Hv − λv‖ as a share of |λ|, or of 1 % of the largest |λ| where that is more.',
      }),
      maxProducts: z
        .int()
        .min(2)
        .max(100_000)
        .default(600)
        .meta({ title: 'Budget', description: 'Hessian-vector products at most.' }),
    })
    .meta({ title: 'Extreme eigenpairs' }),
  z
    .strictObject({
      kind: z.literal('trace'),
      probes: z.int().min(2).max(100_000).default(64).meta({ title: 'Probes' }),
    })
    .meta({ title: 'Trace' }),
  z
    .strictObject({
      kind: z.literal('density'),
      probes: z.int().min(2).max(1_000).default(10).meta({ title: 'Probes' }),
      steps: z.int().min(2).max(1_000).default(80).meta({ title: 'Lanczos steps' }),
    })
    .meta({ title: 'Spectral density' }),
])

/** One experiment as a person writes it: every key but none is required. */
export const experimentSchema = z
  .strictObject({
    version: z.literal(1).default(1),
    name: z.string().trim().min(1).max(120).default('Untitled').meta({ title: 'Name' }),
    model: architectureSchema.prefault({}),
    data: dataSchema.prefault({ kind: 'digits' }),
    train: trainSchema.prefault({}),
    measure: z
      .array(measureSchema)
      .max(16)
      .prefault([{ kind: 'eigenpairs' }, { kind: 'trace' }, { kind: 'density' }])
      .meta({ title: 'Measurements' }),
    seeds: z
      .array(
        z
          .int()
          .min(0)
          .max(2 ** 32 - 1),
      )
      .min(1)
      .max(64)
      .default([0])
      .meta({ title: 'Seeds', description: 'One run a seed.' }),
  })
  .superRefine((spec, context) => {
    const regression =
      spec.data.kind === 'teacher-student' ||
      (spec.data.kind === 'file' && spec.data.task === 'regression')
    if (regression && spec.train.loss === 'cross-entropy') {
      context.addIssue({
        code: 'custom',
        path: ['train', 'loss'],
        message: `must be squared-error for regression data (${spec.data.kind}), got cross-entropy`,
      })
    }
    if (
      spec.data.kind === 'gaussian-mixture' &&
      spec.data.intrinsicDimension !== undefined &&
      spec.data.intrinsicDimension > spec.data.dimension
    ) {
      context.addIssue({
        code: 'custom',
        path: ['data', 'intrinsicDimension'],
        message: `must be in 1…${String(spec.data.dimension)} (the dimension), got ${String(spec.data.intrinsicDimension)}`,
      })
    }
  })

export type Activation = z.infer<typeof activationSchema>
export type Initialization = z.infer<typeof initializationSchema>
export type ArchitectureSpec = z.infer<typeof architectureSchema>
export type NetworkSpec = z.infer<typeof networkSchema>
export type DataSpec = z.infer<typeof dataSchema>
export type OptimizerSpec = z.infer<typeof optimizerSchema>
export type LossKind = z.infer<typeof lossSchema>
export type TrainSpec = z.infer<typeof trainSchema>
export type MeasureSpec = z.infer<typeof measureSchema>
/** A resolved experiment: every default filled in. */
export type ExperimentSpec = z.infer<typeof experimentSchema>
/** An experiment as given: anything may be left out. */
export type ExperimentInput = z.input<typeof experimentSchema>
