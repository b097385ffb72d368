import type { EventListener, Supervisor } from '#lab/jobs'
import type { Store } from '#lab/store'
import type { EngineDescription, ExperimentDescription } from '#shared/contract'
import type { ComputeRequest, DataSpec, ExperimentSpec } from '#shared/schemas'

/** Samples in a person's own file. */
export type FileDataSpec = Extract<DataSpec, { kind: 'file' }>

/** Loads an experiment's data and builds its network, as a run of the seed would. */
export type DescribeExperiment = (
  spec: ExperimentSpec,
  seed: number,
) => Promise<ExperimentDescription>

/** What the methods of the contract work with. */
export interface ApiContext {
  readonly store: Store
  readonly supervisor: Supervisor
  readonly describe: () => EngineDescription
  /** Reads a person's file as the run will, and throws what is wrong with it. */
  readonly checkSamples: (data: FileDataSpec) => Promise<void>
  readonly describeExperiment: DescribeExperiment
  /** Throws if a run cannot be computed as wanted on this machine. */
  readonly checkCompute: (compute: ComputeRequest) => Promise<void>
  /** Tells every client. */
  readonly emit: EventListener
}
