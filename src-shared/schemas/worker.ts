import { z } from 'zod'
import { computeSchema } from './compute.ts'
import { experimentSchema } from './experiment.ts'
import { measurementDocumentSchema } from './measurement.ts'
import {
  dataCardSchema,
  metricRowSchema,
  progressSchema,
  provenanceSchema,
  trainingEndSchema,
  wireErrorSchema,
} from './run.ts'

/** A checkpoint, weights or vectors file that the compute process has written, synced and hashed. */
export const checkpointNoticeSchema = z.strictObject({
  fileName: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  step: z.int(),
})

/** The order that starts a compute process on one run. */
export const jobOrderSchema = z.strictObject({
  runId: z.string(),
  attempt: z.int(),
  seed: z.int(),
  spec: experimentSchema,
  /** Bundle folder of the run; the process writes checkpoints there and nothing else. */
  folder: z.string(),
  /** Last registered checkpoint, verified on load; null for a fresh start. */
  checkpoint: checkpointNoticeSchema.nullable(),
  /** Positions in `spec.measure` and steps already stored: they are not measured again. */
  measured: z.array(z.strictObject({ index: z.int(), step: z.int() })),
  /** Weights kept for good so far, in order of their steps, as of the checkpoint to go on from. */
  weights: z.array(checkpointNoticeSchema),
  /** Milliseconds already spent training before this attempt. */
  elapsedMs: z.number(),
  compute: computeSchema,
  /** Device of the attempt before, which `auto` keeps; null for the first. */
  earlierDevice: z.string().nullable(),
})

/** Engine → compute process. */
export const workerCommandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), order: jobOrderSchema }),
  z.strictObject({ type: z.literal('stop') }),
])

/** Compute process → engine. Metrics after a step are sent before the checkpoint of that step. */
export const workerEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('prepared'),
    provenance: provenanceSchema,
    dataCard: dataCardSchema,
    parameterCount: z.int(),
    modelLabel: z.string(),
  }),
  z.strictObject({ type: z.literal('progressed'), progress: progressSchema }),
  z.strictObject({ type: z.literal('metrics'), rows: z.array(metricRowSchema) }),
  z.strictObject({ type: z.literal('checkpointed'), checkpoint: checkpointNoticeSchema }),
  /** Weights that are kept for good: a snapshot, or what training ended with. */
  z.strictObject({ type: z.literal('weights-saved'), weights: checkpointNoticeSchema }),
  /** Vectors that a measurement keeps for good. */
  z.strictObject({ type: z.literal('vectors-saved'), vectors: checkpointNoticeSchema }),
  z.strictObject({ type: z.literal('trained'), end: trainingEndSchema }),
  z.strictObject({ type: z.literal('measured'), document: measurementDocumentSchema }),
  /** Ended in good order. `stopped`: by a stop command, after a checkpoint. `paused`: cannot go on now (disk full). */
  z.strictObject({
    type: z.literal('ended'),
    outcome: z.enum(['finished', 'stopped', 'paused', 'failed']),
    error: wireErrorSchema.nullable(),
  }),
])

export type CheckpointNotice = z.infer<typeof checkpointNoticeSchema>
export type JobOrder = z.infer<typeof jobOrderSchema>
export type WorkerCommand = z.infer<typeof workerCommandSchema>
export type WorkerEvent = z.infer<typeof workerEventSchema>
