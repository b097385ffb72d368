import { invariant, StoppedError } from '#base'
import {
  readCheckpoint,
  readMeasureState,
  removeMeasureState,
  writeCheckpoint,
  writeMeasureState,
  writeVectors,
  writeWeights,
  type MeasureKey,
} from '#lab/store'
import { toWire } from '#shared/errors'
import {
  workerCommandSchema,
  type CheckpointNotice,
  type JobOrder,
  type WorkerEvent,
} from '#shared/schemas'
import { toApiError } from './to-api-error.ts'

/** The compute process's end of its line to the engine. */
export interface WorkerPort {
  /** Resolves when the event has left this process, or can no longer. Order is kept. */
  send(event: WorkerEvent): Promise<void>
  onCommand(listener: (command: unknown) => void): void
  /** The engine is gone. */
  onDisconnect(listener: () => void): void
  exit(code: number): void
}

/** What the work on a run is given. */
export interface WorkerContext {
  /** Aborted when the work should checkpoint and throw `StoppedError`. */
  readonly signal: AbortSignal
  readonly emit: (event: WorkerEvent) => void
  /** Bytes of the checkpoint to go on from; null for a fresh start. @throws ApiError `file-corrupt`, `file-not-found`. */
  readonly loadCheckpoint: () => Promise<Uint8Array | null>
  /** Writes a checkpoint durably, then tells the engine. @throws ApiError `disk-full`. */
  readonly saveCheckpoint: (step: number, bytes: Uint8Array) => Promise<void>
  /**
   * Writes weights durably that are kept for good, then tells the engine. After a resume those of later steps than the
   * checkpoint are gone. @throws ApiError `disk-full`.
   */
  readonly saveWeights: (step: number, bytes: Uint8Array) => Promise<void>
  /** Steps whose weights are kept, ascending: of earlier attempts up to the checkpoint, and of this one. */
  readonly keptSteps: () => number[]
  /** Bytes of kept weights. @throws ApiError `file-corrupt`, `file-not-found`. */
  readonly loadWeights: (step: number) => Promise<Uint8Array>
  /** Writes vectors that a measurement keeps for good, then tells the engine. @returns Their file's name. @throws ApiError `disk-full`. */
  readonly saveVectors: (key: MeasureKey, bytes: Uint8Array) => Promise<string>
  /** How far a measurement was when it was interrupted; null for a fresh start. */
  readonly loadMeasureState: (key: MeasureKey) => Uint8Array | null
  /** Writes how far a measurement is; null once it is done. @throws ApiError `disk-full`. */
  readonly saveMeasureState: (key: MeasureKey, bytes: Uint8Array | null) => void
}

/** Works on a run to its end, or throws. */
export type Execute = (order: JobOrder, context: WorkerContext) => Promise<void>

type Ended = Extract<WorkerEvent, { type: 'ended' }>

/** Time a process without an engine has to write its checkpoint. */
const orphanGraceMs = 10_000

/**
 * The life of a compute process: waits for the order, executes it, says how it ended, exits.
 *
 * `stop` and the loss of the engine both abort the work's signal; without an engine the process
 * exits with 1 when the work has wound up, or after ten seconds.
 */
export async function runWorker(port: WorkerPort, execute: Execute): Promise<void> {
  const abort = new AbortController()
  const started = Promise.withResolvers<JobOrder | null>()
  const line = { isLost: false }

  port.onCommand((message) => {
    const command = workerCommandSchema.parse(message)
    if (command.type === 'start') started.resolve(command.order)
    else abort.abort()
  })
  port.onDisconnect(() => {
    line.isLost = true
    abort.abort()
    started.resolve(null)
    setTimeout(() => port.exit(1), orphanGraceMs).unref()
  })

  const order = await started.promise
  if (order !== null) {
    const ended = await executeOrder(port, order, abort.signal, execute)
    await port.send(ended)
  }
  port.exit(line.isLost ? 1 : 0)
}

function readKept(folder: string, notice: CheckpointNotice | undefined, step: number): Uint8Array {
  invariant(notice !== undefined, `weights of step ${String(step)} are kept`)
  return readCheckpoint(folder, notice)
}

async function executeOrder(
  port: WorkerPort,
  order: JobOrder,
  signal: AbortSignal,
  execute: Execute,
): Promise<Ended> {
  const { folder, checkpoint } = order
  const weights = new Map(order.weights.map((notice) => [notice.step, notice]))
  try {
    await execute(order, {
      signal,
      emit(event) {
        void port.send(event)
      },
      loadCheckpoint: () =>
        new Promise((resolve) => {
          resolve(checkpoint === null ? null : readCheckpoint(folder, checkpoint))
        }),
      async saveCheckpoint(step, bytes) {
        const notice = writeCheckpoint(folder, step, bytes)
        await port.send({ type: 'checkpointed', checkpoint: notice })
      },
      async saveWeights(step, bytes) {
        const notice = writeWeights(folder, step, bytes)
        weights.set(step, notice)
        await port.send({ type: 'weights-saved', weights: notice })
      },
      keptSteps: () => [...weights.keys()].sort((a, b) => a - b),
      loadWeights: (step) =>
        new Promise((resolve) => {
          resolve(readKept(folder, weights.get(step), step))
        }),
      async saveVectors(key, bytes) {
        const notice = writeVectors(folder, key, bytes)
        await port.send({ type: 'vectors-saved', vectors: notice })
        return notice.fileName
      },
      loadMeasureState: (key) => readMeasureState(folder, key),
      saveMeasureState(key, bytes) {
        if (bytes === null) removeMeasureState(folder, key)
        else writeMeasureState(folder, key, bytes)
      },
    })
    return { type: 'ended', outcome: 'finished', error: null }
  } catch (error) {
    if (error instanceof StoppedError) return { type: 'ended', outcome: 'stopped', error: null }
    const known = toApiError(error)
    const outcome = known.code === 'disk-full' ? 'paused' : 'failed'
    if (known.code === 'internal' && error instanceof Error) {
      process.stderr.write(`${error.stack ?? error.message}\n`)
    }
    return { type: 'ended', outcome, error: toWire(known) }
  }
}
