import { z } from 'zod'
import { timingSchema } from '../report.ts'
import { machineSchema, versionsSchema } from '../site.ts'
import { spreadSchema } from '../statistics.ts'

/** A contestant that gave nothing, and why. */
const skippedSchema = z.strictObject({ name: z.string(), reason: z.string() })

const trainingSchema = z.strictObject({ steps: z.int(), learningRate: z.number() })

/** One search for eigenvalues, as judged by our own products. */
const searchSchema = z.strictObject({
  name: z.string(),
  isOurs: z.boolean(),
  /** Settings that a person would have to choose. */
  settings: z.string(),
  /** Milliseconds a search; one that is not right is run once. */
  time: timingSchema,
  products: z.int(),
  values: z.array(z.number()),
  /** ‖Hv − λv‖ of each, as a share of the largest |λ|. */
  residuals: z.array(z.number()),
  overlap: z.number(),
  /** True values that were not found. */
  misses: z.array(z.number()),
  isRight: z.boolean(),
})
export type SearchReport = z.infer<typeof searchSchema>

export const top10ReportSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  parameterCount: z.int(),
  training: trainingSchema,
  tolerance: z.number(),
  reference: z.strictObject({
    values: z.array(z.number()),
    status: z.enum(['converged', 'not-converged']),
    products: z.int(),
    /** Largest difference from another library's values, as a share of the largest |λ|; null if there is none. */
    crossCheck: z.number().nullable(),
    /** Whether what is judged right may be relied on. */
    isTrusted: z.boolean(),
  }),
  /** Ours first. */
  searches: z.array(searchSchema),
  skipped: z.array(skippedSchema),
  /** Where the time of our last search went: products, and the vectors they were taken of at once. */
  ours: z.strictObject({ productShare: z.number(), blockSize: z.int(), note: z.string() }),
  /**
   * The rival that is right in the least time, and our time over its in pairs: with our search for further copies of multiple
   * eigenvalues, and alike, without it.
   */
  best: z
    .strictObject({ name: z.string(), ratio: spreadSchema, ratioAlike: spreadSchema })
    .nullable(),
})
export type Top10Report = z.infer<typeof top10ReportSchema>

const estimateSchema = z.strictObject({
  name: z.string(),
  isOurs: z.boolean(),
  settings: z.string(),
  time: timingSchema,
  /** Of the dearest run. */
  products: z.int(),
  /** Wasserstein-1 distance to the exact spectrum. */
  distance: spreadSchema,
})
export type EstimateReport = z.infer<typeof estimateSchema>

export const densityReportSchema = z.strictObject({
  title: z.string(),
  parameterCount: z.int(),
  training: trainingSchema,
  /** Largest eigenvalues of the exact spectrum, descending. */
  largest: z.array(z.number()),
  /** Largest difference of the exact spectra of both sides, as a share of the largest |λ|; null without a peer. */
  crossCheck: z.number().nullable(),
  seeds: z.array(z.int()),
  estimates: z.array(estimateSchema),
  skipped: z.array(skippedSchema),
  /** Deflated distance and products over those of the plain quadrature that is nearest, medians. */
  best: z.strictObject({ name: z.string(), distance: z.number(), products: z.number() }),
})
export type DensityReport = z.infer<typeof densityReportSchema>

export const caseReportSchema = z.strictObject({
  format: z.literal('saddle-bench-cases'),
  version: z.literal(1),
  startedAt: z.iso.datetime(),
  elapsedMs: z.number(),
  seed: z.int(),
  rounds: z.int(),
  machine: machineSchema,
  versions: versionsSchema,
  top10: z.array(top10ReportSchema),
  density: densityReportSchema.nullable(),
})
export type CaseReport = z.infer<typeof caseReportSchema>
