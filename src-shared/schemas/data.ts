import { z } from 'zod'
import { activationSchema, layerWidth } from './network.ts'

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
    teacherHidden: z
      .array(layerWidth)
      .max(8)
      .default([8])
      .meta({ title: 'Teacher’s hidden widths' }),
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

export type DataSpec = z.infer<typeof dataSchema>
