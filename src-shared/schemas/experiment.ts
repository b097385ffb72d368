import { z } from 'zod'
import { dataSchema } from './data.ts'
import { measureSchema } from './measure.ts'
import { architectureSchema } from './architecture.ts'
import { brokenRules } from './experiment-rules.ts'
import { sweepSchema } from './sweep-axes.ts'
import { trainSchema } from './train.ts'

/**
 * One experiment as a person writes it: every key but none is required. What is seldom changed has `advanced` in
 * its JSON Schema; forms keep it out of sight until it is.
 */
export const experimentSchema = z
  .strictObject({
    version: z.literal(1).default(1),
    name: z.string().trim().min(1).max(120).default('Untitled').meta({ title: 'Name' }),
    model: architectureSchema.prefault({ kind: 'mlp' }),
    data: dataSchema.prefault({ kind: 'digits' }),
    train: trainSchema.prefault({}),
    measure: z
      .array(measureSchema)
      .max(64)
      .prefault([{ kind: 'eigenpairs' }, { kind: 'trace' }, { kind: 'density' }])
      .meta({ title: 'Measurements' }),
    measureSamples: z.int().min(1).max(10_000_000).optional().meta({
      title: 'Measure on',
      advanced: true,
      description: 'At most this many training samples, drawn by the seed; default: all.',
    }),
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
    sweep: sweepSchema,
  })
  .superRefine((spec, context) => {
    for (const { path, message } of brokenRules(spec)) {
      context.addIssue({ code: 'custom', path: [...path], message })
    }
  })

/** A resolved experiment: every default filled in. */
export type ExperimentSpec = z.infer<typeof experimentSchema>
/** An experiment as given: anything may be left out. */
export type ExperimentInput = z.input<typeof experimentSchema>
