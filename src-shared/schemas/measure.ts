import { z } from 'zod'

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

export type MeasureSpec = z.infer<typeof measureSchema>
