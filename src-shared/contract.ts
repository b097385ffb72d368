import { z } from 'zod'
import {
  artifactSchema,
  computeChangeSchema,
  dataCardSchema,
  experimentSchema,
  measurementDocumentSchema,
  metricRowSchema,
  runDetailSchema,
  runStatusSchema,
  runSummarySchema,
} from './schemas/index.ts'

/** Raised when a method or event changes incompatibly; a client of another number refuses. */
export const protocolVersion = 1

const runId = z.strictObject({ runId: z.string() })
const seedSchema = z
  .int()
  .min(0)
  .max(2 ** 32 - 1)

/** What the engine is and runs on. */
export const engineDescriptionSchema = z.strictObject({
  appVersion: z.string(),
  protocol: z.int(),
  pid: z.int(),
  store: z.string(),
  node: z.string(),
  platform: z.string(),
  cpu: z.string(),
  threads: z.int(),
  memoryBytes: z.number(),
  versions: z.record(z.string(), z.string()),
})

/** What an experiment would work on. */
export const experimentDescriptionSchema = z.strictObject({
  dataCard: dataCardSchema,
  /** e.g. `mlp 64-32-32-10`. */
  modelLabel: z.string(),
  parameterCount: z.int(),
})

/**
 * The whole API: each method with the schema of its arguments and of its result.
 *
 * Both sides check: a host parses arguments before a handler sees them, tests parse results.
 */
export const methods = {
  /** What this engine is. */
  'engine.describe': { args: z.strictObject({}), result: engineDescriptionSchema },
  /**
   * Loads an experiment's data and builds its network as a run of the seed (default: the spec's first)
   * would, and says what they are; nothing is stored. Fails: invalid-spec, invalid-argument,
   * file-not-found, file-corrupt, shape-mismatch, out-of-memory.
   */
  'experiments.describe': {
    args: z.strictObject({ spec: z.unknown(), seed: seedSchema.optional() }),
    result: experimentDescriptionSchema,
  },
  /**
   * Queues one run a seed; nothing is stored if the spec is wrong, a file it names is not there or the
   * device is not. Fails: invalid-spec, invalid-argument, file-not-found, file-corrupt, shape-mismatch.
   */
  'runs.create': {
    args: z.strictObject({ spec: z.unknown(), compute: computeChangeSchema.optional() }),
    result: z.strictObject({ runs: z.array(runSummarySchema) }),
  },
  /** Runs, newest first. `offset` + `limit` page through `total`. */
  'runs.list': {
    args: z.strictObject({
      limit: z.int().min(1).max(1_000).default(200),
      offset: z.int().min(0).default(0),
      status: runStatusSchema.optional(),
      /** Keeps runs whose name, data or model contains this text, case ignored. */
      text: z.string().max(200).optional(),
    }),
    result: z.strictObject({ runs: z.array(runSummarySchema), total: z.int() }),
  },
  /** One run with spec, provenance, measurements and files. Fails: run-not-found. */
  'runs.get': { args: runId, result: runDetailSchema },
  /** Metric rows after a step (−1 for all), in step order. Fails: run-not-found. */
  'runs.metrics': {
    args: z.strictObject({ runId: z.string(), afterStep: z.int().default(-1) }),
    result: z.strictObject({ rows: z.array(metricRowSchema) }),
  },
  /** Stops a run at its next safe point, after a checkpoint. Fails: run-not-found, run-already-ended. */
  'runs.cancel': { args: runId, result: runSummarySchema },
  /**
   * Queues a cancelled, interrupted, paused or failed run again, from its last checkpoint. Fails: run-not-found,
   * run-not-resumable, invalid-argument.
   */
  'runs.resume': {
    args: z.strictObject({ runId: z.string(), compute: computeChangeSchema.optional() }),
    result: runSummarySchema,
  },
  /** Deletes a run that is not running, with its files. Fails: run-not-found, invalid-argument. */
  'runs.delete': { args: runId, result: z.strictObject({}) },
  /** Writes a self-contained HTML report of a run; get it at `/artifacts/ID`. Fails: run-not-found. */
  'reports.create': { args: runId, result: artifactSchema },
} as const

/** What the engine tells every client, unasked. */
export const events = {
  'runs.changed': runSummarySchema,
  'runs.deleted': runId,
  'metrics.appended': z.strictObject({ runId: z.string(), rows: z.array(metricRowSchema) }),
  'measurements.added': z.strictObject({ runId: z.string(), document: measurementDocumentSchema }),
} as const

export type Methods = {
  [M in keyof typeof methods]: {
    args: z.input<(typeof methods)[M]['args']>
    result: z.output<(typeof methods)[M]['result']>
  }
}
export type MethodName = keyof Methods
export type Events = { [E in keyof typeof events]: z.output<(typeof events)[E]> }
export type EventName = keyof Events
export type ExperimentDescription = z.infer<typeof experimentDescriptionSchema>
export type EngineDescription = z.infer<typeof engineDescriptionSchema>

/** Handlers of all methods, with parsed arguments. */
export type Handlers = {
  [M in MethodName]: (
    args: z.output<(typeof methods)[M]['args']>,
  ) => Promise<Methods[M]['result']> | Methods[M]['result']
}

/** Calls a method by name; what the renderer, the CLI and tests hold. */
export interface Client {
  call<M extends MethodName>(method: M, args: Methods[M]['args']): Promise<Methods[M]['result']>
  /** Listens to an event; returns the function that stops it. */
  on<E extends EventName>(event: E, listener: (payload: Events[E]) => void): () => void
  close(): void
}

/** JSON Schema of the experiment spec, as `saddle schema` prints it. */
export function experimentJsonSchema(): unknown {
  return z.toJSONSchema(experimentSchema, { io: 'input' })
}
