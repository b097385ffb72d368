import { z } from 'zod'
import {
  activationSchema,
  cnnArchitecture,
  resnetArchitecture,
  transformerArchitecture,
} from './architecture.ts'

/** Neurons of a layer. */
export const layerWidth = z.int().min(1).max(1_000_000)

const extent = z.int().min(1).max(1_000_000)

/** What an architecture leaves to the data. */
const ends = {
  input: z.union(
    [z.array(extent).min(1).max(3), z.strictObject({ tokens: extent, vocabulary: extent })],
    { error: 'a shape such as [3, 32, 32], or {"tokens": 64, "vocabulary": 256}' },
  ),
  /** Classes, or numbers of an answer. */
  outputs: extent,
}

/** Keys that only say how a network is drawn. */
const drawing = {
  initialization: true,
  parameterization: true,
  parameters: true,
  sizeBy: true,
  weights: true,
} as const

/**
 * A network that stands alone, as `saddle probe` wants it: a fully connected one by all its widths, another by its
 * architecture's settings with what goes in and comes out.
 */
export const networkSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('mlp'),
    widths: z.array(layerWidth).min(2).max(66),
    activation: activationSchema.default('tanh'),
    bias: z.boolean().default(true),
  }),
  cnnArchitecture.omit(drawing).extend(ends),
  resnetArchitecture.omit(drawing).extend(ends),
  transformerArchitecture.omit(drawing).extend({
    ...ends,
    /** Whether each token has an answer, as in a language model. */
    perToken: z.boolean().default(false),
  }),
])

export type NetworkSpec = z.infer<typeof networkSchema>
