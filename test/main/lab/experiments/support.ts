import { join } from 'node:path'
import {
  runExperiment,
  type ExperimentContext,
  type MeasureKey,
  type Workplace,
} from '#lab/experiments'
import { createOnnxRuntime } from '#tensor/runtime'
import {
  experimentSchema,
  workerEventSchema,
  type ExperimentInput,
  type WorkerEvent,
} from '#shared/schemas'

export const runtime = createOnnxRuntime({ threads: 1 })

/** A place of work on one thread with the shipped data. */
export const workplace: Workplace = {
  resources: join(import.meta.dirname, '../../../../resources'),
  runtime,
  origin: {
    appVersion: '0',
    gitCommit: null,
    gitDirty: null,
    versions: {},
    platform: 'test',
    cpu: 'test',
    threads: 1,
    memoryBytes: 0,
    device: 'cpu',
    runtime: 'test',
  },
}

/** Runs a spec and collects all it gives; stops when `stopAt` says so. */
export async function collectRun(
  input: ExperimentInput,
  options: {
    readonly checkpoint?: Uint8Array | undefined
    readonly measured?: MeasureKey[] | undefined
    /** Weights kept by an earlier attempt. */
    readonly weights?: ReadonlyMap<number, Uint8Array> | undefined
    /** How far measurements were, by `index-step`. */
    readonly states?: ReadonlyMap<string, Uint8Array> | undefined
    readonly stopAt?: ((event: WorkerEvent) => boolean) | undefined
    /** Stops when the checkpoint of this step is written. */
    readonly stopAtCheckpoint?: number | undefined
  } = {},
) {
  const abort = new AbortController()
  const events: WorkerEvent[] = []
  const checkpoints = new Map<number, Uint8Array>()
  const weights = new Map<number, Uint8Array>(options.weights)
  const states = new Map<string, Uint8Array>(options.states)
  const vectors = new Map<string, Uint8Array>()
  const nameOf = ({ index, step }: MeasureKey) => `${index}-${step}`
  const context: ExperimentContext = {
    signal: abort.signal,
    emit: (event) => {
      events.push(workerEventSchema.parse(event))
      if (options.stopAt?.(event) === true) abort.abort()
    },
    loadCheckpoint: () => Promise.resolve(options.checkpoint ?? null),
    saveCheckpoint: (step, bytes) => {
      checkpoints.set(step, bytes)
      if (step === options.stopAtCheckpoint) abort.abort()
      return Promise.resolve()
    },
    saveWeights: (step, bytes) => {
      weights.set(step, bytes)
      return Promise.resolve()
    },
    keptSteps: () => [...weights.keys()].sort((a, b) => a - b),
    loadWeights: (step) => Promise.resolve(weights.get(step)!),
    saveVectors: (key, bytes) => {
      vectors.set(nameOf(key), bytes)
      return Promise.resolve(nameOf(key))
    },
    loadMeasureState: (key) => states.get(nameOf(key)) ?? null,
    saveMeasureState: (key, bytes) => {
      if (bytes === null) states.delete(nameOf(key))
      else states.set(nameOf(key), bytes)
    },
  }
  const spec = experimentSchema.parse(input)
  const order = { spec, seed: 3, measured: options.measured ?? [], elapsedMs: 0 }
  const outcome = await runExperiment(order, 'hash', workplace, context).then(
    () => 'finished' as const,
    (error: unknown) => error,
  )
  const rows = events.flatMap((event) => (event.type === 'metrics' ? event.rows : []))
  const documents = events.flatMap((event) => (event.type === 'measured' ? [event.document] : []))
  const end = events.find((event) => event.type === 'trained')?.end ?? null
  return { outcome, events, rows, documents, checkpoints, weights, states, vectors, end }
}

/** Rows without the time they took. */
export const timeless = (rows: readonly { elapsedMs: number }[]) =>
  rows.map((row) => ({ ...row, elapsedMs: 0 }))

/** A checkpoint's tensors, without the time it names. */
export const tensorsOf = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)))
