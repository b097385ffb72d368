import type { Runtime } from '#tensor/runtime'
import type { MemoryLimits } from './memory-plan.ts'
import type { JobOrder, Provenance, WorkerEvent } from '#shared/schemas'

/** A measurement: its position in the spec and the step of the weights it is made on. */
export interface MeasureKey {
  readonly index: number
  readonly step: number
}

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
  /** Steps whose weights are kept, ascending. */
  keptSteps(): readonly number[]
  loadWeights(step: number): Promise<Uint8Array>
  /** Keeps vectors of a measurement for good. @returns Their file's name. */
  saveVectors(key: MeasureKey, bytes: Uint8Array): Promise<string>
  /** How far a measurement was when it was interrupted; null for a fresh start. */
  loadMeasureState(key: MeasureKey): Uint8Array | null
  /** Writes how far a measurement is; null once it is done. */
  saveMeasureState(key: MeasureKey, bytes: Uint8Array | null): void
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
export type ExperimentOrder = Pick<JobOrder, 'spec' | 'seed' | 'measured' | 'elapsedMs'>
