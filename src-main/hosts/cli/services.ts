import type { Logger } from '#base'
import type { BuildFacts, DescribeExperiment, Lab } from '#lab/api'
import type * as Bench from '#lab/bench'
import type * as Experiments from '#lab/experiments'
import type { RpcClient } from '#shared/rpc'
import type { ComputeRequest } from '#shared/schemas'

/** A running engine that was found. */
export interface FoundEngine {
  readonly client: RpcClient
  readonly pid: number
  readonly url: string
  readonly signInUrl: string
  readArtifact(id: string): Promise<Uint8Array>
}

/** How `serve` listens. */
export interface ServeOptions {
  readonly lab: Lab
  readonly logger: Logger
  readonly host: string
  readonly port: number
  readonly allowRemote: boolean
}

/** A server that listens. */
export interface RunningServer {
  readonly port: number
  readonly url: string
  readonly signInUrl: string
  close(): Promise<void>
}

/** What can compute on this machine. */
export interface ComputeDescription {
  /** Library and version. */
  readonly library: string
  readonly devices: readonly {
    readonly name: string
    /** Why it cannot be used; null if it can. */
    readonly problem: string | null
  }[]
  /** The device that is used where none is named, and why. */
  readonly chosen: { readonly device: string; readonly reason: string }
  /** TensorFlow.js: its name and device, why it cannot be used, or null if it is not installed. */
  readonly tensorflow:
    { readonly name: string; readonly device: string } | { readonly problem: string } | null
}

/** Everything the commands work with; each is loaded when it is first used. */
export interface CliServices {
  readonly facts: BuildFacts
  readonly defaultStore: string
  /** Files of the built interface, Electron and its script, where they should be. */
  readonly paths: {
    readonly electronPackage: string
    readonly desktopScript: string
    readonly appFolder: string
  }
  openLab(storeFolder: string, mode: 'work' | 'work-new' | 'look', logger: Logger): Promise<Lab>
  /** Null if no engine runs for this store. @throws ApiError `engine-unreachable`. */
  findEngine(storeFolder: string): Promise<FoundEngine | null>
  startServer(options: ServeOptions): Promise<RunningServer>
  writeFileDurably(path: string, content: Uint8Array | string): Promise<void>
  /** Bytes of an `.npy` file with a float32 vector. */
  encodeVector(values: Float32Array): Promise<Uint8Array>
  /**
   * The same arrays as an `.npz` file.
   *
   * @param name - What the file is called in errors.
   */
  safetensorsToNpz(bytes: Uint8Array, name: string): Promise<Uint8Array>
  /** In this process: its data may be as large as the memory. */
  readonly describeExperiment: DescribeExperiment
  readonly probe: () => Promise<Pick<typeof Experiments, 'runProbe' | 'describeNetwork'>>
  readonly bench: () => Promise<typeof Bench>
  readonly checks: () => Promise<typeof Experiments.runChecks>
  /** @throws InputError naming what is not there and what is. */
  openRuntime(request: ComputeRequest): Promise<NonNullable<Experiments.ProbeOptions['runtime']>>
  /** Tries all devices and runtimes; about a second a GPU. */
  describeCompute(): Promise<ComputeDescription>
}
