import { z } from 'zod'
import { experimentSchema } from './experiment.ts'
import { measurementDocumentSchema } from './measurement.ts'

/**
 * Where a run stands. `interrupted`: its process or its engine died and it can be resumed;
 * `paused`: it stopped itself in good order (disk full) and can be resumed.
 */
export const runStatusSchema = z.enum([
  'queued',
  'running',
  'paused',
  'interrupted',
  'cancelled',
  'failed',
  'finished',
])

/** How far a run is; `done` and `total` count training steps or Hessian-vector products. */
export const progressSchema = z.strictObject({
  phase: z.enum(['waiting', 'preparing', 'training', 'measuring', 'done']),
  /** What is going on in words, e.g. `eigenpairs (1 of 3)`. */
  label: z.string(),
  done: z.number(),
  total: z.number(),
  /** Estimated time to the end of the phase; null while unknown. */
  etaMs: z.number().nullable(),
})

/**
 * One row of training metrics; null where it does not apply. Losses and accuracies are means over the evaluated
 * samples of a split; what is said of a batch is of the step that led here.
 */
export const metricRowSchema = z.strictObject({
  step: z.int(),
  epoch: z.number(),
  elapsedMs: z.number(),
  trainLoss: z.number(),
  trainAccuracy: z.number().nullable(),
  validationLoss: z.number().nullable(),
  validationAccuracy: z.number().nullable(),
  /** Loss of the batch before the step. */
  batchLoss: z.number().nullable(),
  /** ‖∇L‖ of the batch. */
  gradientNorm: z.number(),
  /** ‖Δθ‖ of the step. */
  updateNorm: z.number().nullable(),
  /** cos of the angle between the gradients of this step's batch and the one before. */
  gradientCosine: z.number().nullable(),
  /** ‖θ − θ₀‖ from the start of training. */
  distance: z.number().nullable(),
  /** The rate that the schedule gave the step. */
  learningRate: z.number().nullable(),
})

export const wireErrorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  detail: z.unknown().optional(),
})

/** Why training ended. */
export const trainingEndSchema = z.strictObject({
  step: z.int(),
  reason: z.enum(['epochs', 'steps', 'seconds', 'target-loss', 'plateau', 'divergence']),
})

/** A run as a row of the list. */
export const runSummarySchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  status: runStatusSchema,
  seed: z.int(),
  /** e.g. `digits`, `mlp 64-32-32-10`. */
  dataKind: z.string(),
  modelLabel: z.string(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** How often a compute process was started for it. */
  attempt: z.int(),
  progress: progressSchema,
  lastMetrics: metricRowSchema.nullable(),
  /** Largest eigenvalue measured, for the list; null before. */
  topEigenvalue: z.number().nullable(),
  error: wireErrorSchema.nullable(),
})

/** What made the numbers: enough to make them again. */
export const provenanceSchema = z.strictObject({
  seed: z.int(),
  specHash: z.string(),
  appVersion: z.string(),
  gitCommit: z.string().nullable(),
  gitDirty: z.boolean().nullable(),
  versions: z.record(z.string(), z.string()),
  platform: z.string(),
  cpu: z.string(),
  threads: z.int(),
  memoryBytes: z.number(),
  device: z.string(),
  runtime: z.string(),
})

/** How many dimensions the training samples fill, by methods that differ for good reasons. */
export const intrinsicDimensionSchema = z.strictObject({
  /** Facco and others' estimate with its 95 % interval. */
  twoNearestNeighbours: z
    .strictObject({ value: z.number(), lower: z.number(), upper: z.number() })
    .nullable(),
  levinaBickel: z.number().nullable(),
  /** (Σλ)²/Σλ² of the covariance's eigenvalues. */
  participationRatio: z.number().nullable(),
  /** Median curvature of the manifold, in 1/length. */
  curvature: z.number().nullable().default(null),
  /** Samples it was estimated from. */
  samples: z.int(),
})

/** What the data looked like when the run started. Earlier versions told less: what is null by default. */
export const dataCardSchema = z.strictObject({
  kind: z.string(),
  source: z.string(),
  trainCount: z.int(),
  validationCount: z.int(),
  featureCount: z.int(),
  outputCount: z.int(),
  classCounts: z.array(z.int()).nullable(),
  /** Over all features; null for tokens. */
  featureMean: z.number().nullable(),
  featureDeviation: z.number().nullable(),
  /** Of one sample, `[features]` or `[channels, height, width]`; null for tokens. */
  featureShape: z.array(z.int()).nullable().default(null),
  /** Different tokens; null unless the features are tokens, as the next two. */
  vocabulary: z.int().nullable().default(null),
  /** Tokens a sample. */
  sequenceLength: z.int().nullable().default(null),
  /** Mean length of a token in the text. */
  bytesPerToken: z.number().nullable().default(null),
  /** In the order of the labels. */
  classNames: z.array(z.string()).nullable().default(null),
  /** Of each channel of an image, before it is standardized; null where there are none or many. */
  channelMeans: z.array(z.number()).nullable().default(null),
  channelDeviations: z.array(z.number()).nullable().default(null),
  intrinsicDimension: intrinsicDimensionSchema.nullable().default(null),
})

/** A file of the run's bundle. */
export const artifactSchema = z.strictObject({
  id: z.string(),
  runId: z.string(),
  kind: z.enum(['checkpoint', 'weights', 'vectors', 'report', 'measurement']),
  fileName: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  createdAt: z.string(),
  /** Training step it belongs to, if any. */
  step: z.int().nullable(),
})

/** Everything about one run but its metric rows. */
export const runDetailSchema = z.strictObject({
  summary: runSummarySchema,
  spec: experimentSchema,
  provenance: provenanceSchema.nullable(),
  dataCard: dataCardSchema.nullable(),
  parameterCount: z.int().nullable(),
  /** Null before training has ended. */
  trainingEnd: trainingEndSchema.nullable(),
  measurements: z.array(measurementDocumentSchema),
  artifacts: z.array(artifactSchema),
})

export type RunStatus = z.infer<typeof runStatusSchema>
export type Progress = z.infer<typeof progressSchema>
export type TrainingEnd = z.infer<typeof trainingEndSchema>
export type MetricRow = z.infer<typeof metricRowSchema>
export type RunSummary = z.infer<typeof runSummarySchema>
export type Provenance = z.infer<typeof provenanceSchema>
export type DataCard = z.infer<typeof dataCardSchema>
export type Artifact = z.infer<typeof artifactSchema>
export type RunDetail = z.infer<typeof runDetailSchema>
