import { z } from 'zod'

const learningRate = (value: number, description?: string) =>
  z
    .number()
    .positive()
    .max(1_000)
    .default(value)
    .meta({ title: 'Learning rate', ...(description === undefined ? {} : { description }) })
const decay = (value: number, title: string) =>
  z.number().min(0).lt(1).default(value).meta({ title })
const epsilon = (value: number) => z.number().positive().max(1).default(value).meta({ title: 'ε' })

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
const moments = { beta1: decay(0.9, 'β₁'), beta2: decay(0.999, 'β₂'), epsilon: epsilon(1e-8) }
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

/** Optimizers, each a chain of transforms; see `learn/optimizers`. */
export const optimizerSchema = z.discriminatedUnion('kind', [sgd, momentum, adam, adamw, rmsprop])

export type OptimizerSpec = z.infer<typeof optimizerSchema>
