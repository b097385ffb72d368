import type { EventListener, Supervisor } from '#lab/jobs'
import type { Store } from '#lab/store'
import type { EngineDescription } from '#shared/contract'
import type { ComputeRequest, DataSpec } from '#shared/schemas'

/** Samples in a person's own file. */
export type FileDataSpec = Extract<DataSpec, { kind: 'file' }>

/** What the methods of the contract work with. */
export interface ApiContext {
  readonly store: Store
  readonly supervisor: Supervisor
  readonly describe: () => EngineDescription
  /** Reads a person's file as the run will, and throws what is wrong with it. */
  readonly checkSamples: (data: FileDataSpec) => Promise<void>
  /** Throws if a run cannot be computed as wanted on this machine. */
  readonly checkCompute: (compute: ComputeRequest) => Promise<void>
  /** Tells every client. */
  readonly emit: EventListener
}
