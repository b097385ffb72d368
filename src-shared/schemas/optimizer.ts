import { z } from 'zod'

const learningRate = (value: number, description?: string) =>
  z
    .number()
    .positive()
    .max(1_000)
    .default(value)
    .meta({ title: 'Learning rate', ...(description === undefined ? {} : { description }) })
const decay = (value: number, title: string, isAdvanced = false) =>
  z
    .number()
    .min(0)
    .lt(1)
    .default(value)
    .meta({ title, ...(isAdvanced ? { advanced: true } : {}) })
const epsilon = (value: number) =>
  z.number().positive().max(1).default(value).meta({ title: 'ε', advanced: true })

const weightDecay = (value: number, description: string) =>
  z.number().min(0).max(10).default(value).meta({
    title: 'Weight decay',
    description,
  })

/** Settings that every first-order optimizer has. */
const common = {
  weightDecay: weightDecay(0, 'Adds the gradient of half this times ‖θ‖².'),
  clipNorm: z.number().min(0).max(1e9).default(0).meta({
    title: 'Clip gradient norm',
    description: 'Gradients longer than this are shortened to it; 0 for none.',
  }),
}

const sgd = z
  .strictObject({ kind: z.literal('sgd'), learningRate: learningRate(0.1), ...common })
  .meta({ title: 'SGD' })
const momentum = z
  .strictObject({
    kind: z.literal('momentum'),
    learningRate: learningRate(0.05),
    momentum: decay(0.9, 'Momentum'),
    nesterov: z.boolean().default(false).meta({ title: 'Nesterov' }),
    ...common,
  })
  .meta({ title: 'Momentum' })
const moments = {
  beta1: decay(0.9, 'β₁', true),
  beta2: decay(0.999, 'β₂', true),
  epsilon: epsilon(1e-8),
}
const adam = z
  .strictObject({
    kind: z.literal('adam'),
    learningRate: learningRate(0.003),
    ...moments,
    ...common,
  })
  .meta({ title: 'Adam' })
const adamw = z
  .strictObject({
    kind: z.literal('adamw'),
    learningRate: learningRate(0.003),
    ...moments,
    ...common,
    weightDecay: weightDecay(
      0.01,
      'Decoupled: each step also multiplies the parameters by 1 − rate · decay.',
    ),
  })
  .meta({ title: 'AdamW' })
const rmsprop = z
  .strictObject({
    kind: z.literal('rmsprop'),
    learningRate: learningRate(0.001),
    decay: decay(0.99, 'Decay'),
    epsilon: epsilon(1e-8),
    momentum: decay(0, 'Momentum'),
    centered: z.boolean().default(false).meta({ title: 'Centered' }),
    ...common,
  })
  .meta({ title: 'RMSProp' })

const lbfgs = z
  .strictObject({
    kind: z.literal('lbfgs'),
    learningRate: learningRate(1, 'Length of the first trial step in units of the direction.'),
    historySize: z
      .int()
      .min(1)
      .max(1_000)
      .default(10)
      .meta({ title: 'History', description: 'Pairs of steps and gradient changes kept.' }),
    lineSearch: z.enum(['strong-wolfe', 'none']).default('strong-wolfe').meta({
      title: 'Line search',
    }),
    maxEvaluations: z.int().min(1).max(1_000).default(25).meta({
      title: 'Evaluations',
      advanced: true,
      description: 'Of loss and gradient in a line search.',
    }),
    overlap: z.number().min(0).lt(1).default(0).meta({
      title: 'Overlap',
      description:
        'Share of a batch that the next one shares; pairs are taken on it. Ignored when the batch holds the whole set.',
    }),
    pairs: z.enum(['skip', 'damp']).default('skip').meta({
      title: 'Pairs of small curvature',
      advanced: true,
      description: 'Left out, or damped by Powell’s rule.',
    }),
  })
  .meta({
    title: 'L-BFGS',
    description: 'On the whole data set if the batch holds it; else on each batch in turn.',
  })

const everySteps = (value: number, least: number, title: string) =>
  z
    .int()
    .min(least)
    .max(1_000_000)
    .default(value)
    .meta({ title, description: 'Steps.', advanced: true })
const kfac = z
  .strictObject({
    kind: z.literal('kfac'),
    learningRate: learningRate(1, 'Times the step that the quadratic model asks for.'),
    fisher: z.enum(['sampled', 'exact']).default('sampled').meta({
      title: 'Fisher factors',
      description: 'From targets drawn of the network’s own law, or exactly, a pass an output.',
    }),
    damping: z.number().positive().max(1e6).default(0.01).meta({
      title: 'Damping',
      description: 'λ at the start; adapted by the reduction ratio (Levenberg–Marquardt).',
    }),
    leastDamping: z.number().positive().max(1e6).default(1e-3).meta({
      title: 'Least damping',
      advanced: true,
      description: 'λ does not fall below this, or its start; small batches want it.',
    }),
    adaptEvery: everySteps(5, 0, 'Adapt damping every'),
    factorsEvery: everySteps(1, 1, 'Update factors every'),
    inversesEvery: everySteps(20, 1, 'Invert factors every'),
    decay: decay(0.95, 'Decay of factors'),
    rescaling: z.enum(['exact', 'clip']).default('exact').meta({
      title: 'Step length',
      advanced: true,
      description: 'By the damped quadratic model, or by a bound on the KL divergence.',
    }),
    clip: z.number().positive().max(1e6).default(1e-3).meta({ title: 'KL bound', advanced: true }),
    momentum: decay(0.9, 'Momentum'),
    largestFactor: z.int().min(1).max(100_000).default(4_096).meta({
      title: 'Largest factor',
      advanced: true,
      description: 'Layers with a wider side get a diagonal one.',
    }),
  })
  .meta({ title: 'K-FAC', description: 'Natural gradient by Kronecker factors of the Fisher.' })

/** Optimizers: chains of transforms (see `learn/optimizers`), and two with programs of their own. */
export const optimizerSchema = z.discriminatedUnion('kind', [
  sgd,
  momentum,
  adam,
  adamw,
  rmsprop,
  lbfgs,
  kfac,
])

export type OptimizerSpec = z.infer<typeof optimizerSchema>
