import { z } from 'zod'

const warmupSteps = z.int().min(0).max(1_000_000_000).default(0).meta({
  title: 'Warm-up',
  description: 'Steps in which the rate grows in equal parts to its full value.',
})

/** How the learning rate changes with the step; see `learn/optimizers/schedules.ts`. */
export const scheduleSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant'), warmupSteps }).meta({ title: 'Constant' }),
    z
      .strictObject({
        kind: z.literal('step'),
        warmupSteps,
        everySteps: z.int().min(1).max(1_000_000_000).default(1_000).meta({ title: 'Every' }),
        factor: z.number().positive().max(1).default(0.1).meta({ title: 'Factor' }),
      })
      .meta({ title: 'Steps down' }),
    z
      .strictObject({
        kind: z.literal('cosine'),
        warmupSteps,
        finalShare: z.number().min(0).max(1).default(0).meta({
          title: 'Final share',
          description: 'Of the full rate, reached at the end.',
        }),
      })
      .meta({ title: 'Cosine' }),
    z
      .strictObject({ kind: z.literal('inverse-sqrt'), warmupSteps })
      .meta({ title: 'Inverse square root' }),
  ])
  .meta({ title: 'Learning rate schedule', advanced: true })

export type ScheduleSpec = z.infer<typeof scheduleSchema>
