import { z } from 'zod'
import { peerWays } from './peer/messages.ts'
import { machineSchema, versionsSchema } from './site.ts'
import { spreadSchema } from './statistics.ts'

/** Times of one contestant in milliseconds a unit. */
export const timingSchema = z.strictObject({
  ...spreadSchema.shape,
  samples: z.array(z.number()),
})
export type Timing = z.infer<typeof timingSchema>

/** Times of a peer beside ours; the ratio is ours over theirs in pairs, so below 1 we are faster. */
export const rivalSchema = z.strictObject({
  way: z.string(),
  /** Vectors, or runs, a call. */
  rows: z.int(),
  time: timingSchema,
  ratio: spreadSchema,
})
export type Rival = z.infer<typeof rivalSchema>

const comparisonSchema = z.strictObject({
  ours: timingSchema,
  rivals: z.array(rivalSchema),
  /** The ratio against the rival with the smallest median; null without rivals. */
  ratio: spreadSchema.nullable(),
})
export type Comparison = z.infer<typeof comparisonSchema>

const blockSchema = z.strictObject({ rows: z.int(), ms: z.number() })

/** A part that was not measured, and why. */
const skippedSchema = z.strictObject({ skipped: z.string() })

export const workloadReportSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  parameterCount: z.int(),
  /** Relative deviations of the peer's figures from ours; null without a peer. */
  agreement: z.record(z.string(), z.number()).nullable(),
  /** Ways of the peer that do not work for this network, with its error. */
  failures: z.partialRecord(z.enum(peerWays), z.string()),
  /** Milliseconds a vector. */
  product: z.strictObject({
    ...comparisonSchema.shape,
    /** Vectors a block: the fastest of `blocks`. */
    rows: z.int(),
    blocks: z.array(blockSchema),
    /** Floating-point operations of the contractions that depend on the vector, and their speed. */
    operations: z.number(),
    gflops: z.number(),
    /** That as a part of our plain matrix product's speed, in pairs. */
    peakShare: spreadSchema,
  }),
  /** Milliseconds a step. */
  step: comparisonSchema,
})
export type WorkloadReport = z.infer<typeof workloadReportSchema>

/** Separate runs of one network as one program of ours, against the peer's one after another; a step of all. */
const populationSchema = z.strictObject({
  ...comparisonSchema.shape,
  workload: z.string(),
  runs: z.int(),
})
export type PopulationReport = z.infer<typeof populationSchema>

/** Time until a product program of a deep network can be called. */
const readinessSchema = z.strictObject({
  workload: z.string(),
  rows: z.int(),
  /** Differentiating and batching. */
  traceMs: z.number(),
  /** Lowering and loading. */
  compileMs: z.number(),
  /** All of it once more, from the loss on, after the first was released. */
  againMs: z.number(),
  /** Sessions that the second time created; 0 means that it compiled nothing. */
  sessionsAgain: z.int(),
})
export type Readiness = z.infer<typeof readinessSchema>

export const benchReportSchema = z.strictObject({
  format: z.literal('saddle-bench'),
  version: z.literal(1),
  startedAt: z.iso.datetime(),
  elapsedMs: z.number(),
  seed: z.int(),
  /** Samples asked for; slow workloads take fewer. */
  samples: z.int(),
  machine: machineSchema,
  versions: versionsSchema,
  /** A float32 product of square matrices: the speed that others are shares of. */
  gemm: z.strictObject({ ...comparisonSchema.shape, extent: z.int(), gflops: z.number() }),
  workloads: z.array(workloadReportSchema),
  population: z.union([populationSchema, skippedSchema]),
  readiness: z.union([readinessSchema, skippedSchema]),
})
export type BenchReport = z.infer<typeof benchReportSchema>
