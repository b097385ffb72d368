import { z } from 'zod'
import { activationSchema } from './architecture.ts'

/** Neurons of a layer. */
export const layerWidth = z.int().min(1).max(1_000_000)

/** A fully connected network that stands alone: all widths named, as `saddle probe` wants it. */
export const networkSchema = z.strictObject({
  kind: z.literal('mlp'),
  widths: z.array(layerWidth).min(2).max(66),
  activation: activationSchema.default('tanh'),
  bias: z.boolean().default(true),
})

export type NetworkSpec = z.infer<typeof networkSchema>
