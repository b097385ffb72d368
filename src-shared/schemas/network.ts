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

/** Neurons of a layer. */
export const layerWidth = z.int().min(1).max(1_000_000)

/** A fully connected network inside an experiment; its input and output widths come from the data. */
export const architectureSchema = z
  .strictObject({
    kind: z.literal('mlp').default('mlp').meta({ title: 'Architecture' }),
    hidden: z.array(layerWidth).max(64).default([32, 32]).meta({
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
  widths: z.array(layerWidth).min(2).max(66),
  activation: activationSchema.default('tanh'),
  bias: z.boolean().default(true),
})

export type Activation = z.infer<typeof activationSchema>
export type Initialization = z.infer<typeof initializationSchema>
export type ArchitectureSpec = z.infer<typeof architectureSchema>
export type NetworkSpec = z.infer<typeof networkSchema>
