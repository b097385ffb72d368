import type { Runtime } from '#tensor/runtime'
import type { MemoryLimits } from './memory-plan.ts'
import type { JobOrder, Provenance, WorkerEvent } from '#shared/schemas'

/** What an experiment is given by whoever runs it; the compute process's context fits. */
export interface ExperimentContext {
  /** Aborted when the work should checkpoint and throw `StoppedError`. */
  readonly signal: AbortSignal
  emit(event: WorkerEvent): void
  /** Bytes of the checkpoint to go on from; null for a fresh start. */
  loadCheckpoint(): Promise<Uint8Array | null>
  saveCheckpoint(step: number, bytes: Uint8Array): Promise<void>
  /** Keeps weights for good; those of a step that is kept already are replaced. */
  saveWeights(step: number, bytes: Uint8Array): Promise<void>
}

/** What the place of work brings along. */
export interface Workplace {
  /** The `resources` folder, with the shipped data sets. */
  readonly resources: string
  /** What evaluates programs. */
  readonly runtime: Runtime
  /** What a run may take of this machine; left out: what is there. */
  readonly limits?: MemoryLimits | undefined
  /** Provenance but for what the order says. */
  readonly origin: Omit<Provenance, 'seed' | 'specHash'>
}

/** The order's part that an experiment reads. */
export type ExperimentOrder = Pick<JobOrder, 'spec' | 'seed' | 'measuredIndices' | 'elapsedMs'>
