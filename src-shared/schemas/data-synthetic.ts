import { z } from 'zod'
import { activationSchema } from './architecture.ts'
import { sampleCount, validationFraction } from './data-common.ts'
import { layerWidth } from './network.ts'

const dimension = z.int().min(1).max(100_000)
const amount = z.number().min(0).max(1_000)
const samples = sampleCount.default(2_000).meta({ title: 'Samples' })
const classes = z.int().min(2).max(1_000).default(4).meta({ title: 'Classes' })
const labelNoise = z.number().min(0).max(1).default(0).meta({
  title: 'Label noise',
  description: 'Share of labels drawn anew; 1 for random labels.',
})
const covarianceExponent = z.number().min(0).max(10).default(0).meta({
  title: 'Covariance exponent',
  description: 'α of the variances along the principal axes, λₖ ∝ k^−α; 0 for equal ones.',
})

const mixtureData = z
  .strictObject({
    kind: z.literal('gaussian-mixture'),
    dimension: dimension.default(16).meta({ title: 'Dimension' }),
    intrinsicDimension: dimension.optional().meta({
      title: 'Intrinsic dimension',
      description: 'Dimensions that carry signal and noise; default: all.',
    }),
    classes,
    samples,
    separation: amount
      .default(3)
      .meta({ title: 'Separation', description: 'Typical distance between class means.' }),
    noise: amount
      .default(1)
      .meta({ title: 'Noise', description: 'Standard deviation within a class.' }),
    covarianceExponent,
    labelNoise,
    validationFraction,
  })
  .meta({ title: 'Gaussian mixture' })

const manifoldData = z
  .strictObject({
    kind: z.literal('curved-manifold'),
    dimension: dimension.default(16).meta({ title: 'Dimension' }),
    intrinsicDimension: dimension.default(4).meta({
      title: 'Intrinsic dimension',
      description: 'Of the sphere that the samples lie on, below the dimension.',
    }),
    curvature: z.number().min(0).max(Math.PI).default(1).meta({
      title: 'Curvature',
      description: '1/radius: 0 is a flat ball of radius 1, π a whole sphere.',
    }),
    classes,
    samples,
    noise: amount.default(0).meta({
      title: 'Noise',
      description: 'Standard deviation of what is added to each feature.',
    }),
    labelNoise,
    validationFraction,
  })
  .meta({ title: 'Curved manifold' })

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
    samples,
    noise: amount
      .default(0.1)
      .meta({ title: 'Noise', description: 'Standard deviation added to the targets.' }),
    covarianceExponent,
    validationFraction,
  })
  .meta({ title: 'Teacher and student' })

const chebyshevData = z
  .strictObject({
    kind: z.literal('chebyshev'),
    degree: z.int().min(0).max(100).default(3).meta({ title: 'Degree' }),
    samples: z.int().min(2).max(100_000).default(20).meta({ title: 'Samples' }),
  })
  .meta({
    title: 'Chebyshev polynomial',
    description: 'Points evenly spaced on [−1, 1]; the regression of edge-of-stability studies.',
  })

/** Data that are drawn from the seed. */
export const syntheticData = [mixtureData, manifoldData, teacherData, chebyshevData] as const
