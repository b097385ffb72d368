import { createIncidentId, type Logger } from '#base'
import { createSupervisor, toApiError, type EventListener } from '#lab/jobs'
import { openStore } from '#lab/store'
import type { Handlers } from '#shared/contract'
import { ApiError } from '#shared/errors'
import type { Artifact, ComputeRequest } from '#shared/schemas'
import type { DescribeExperiment, FileDataSpec } from './context.ts'
import { describeEngine, type BuildFacts } from './describe-engine.ts'
import { createHandlers } from './handlers.ts'

/** How {@link openLab} opens. */
export interface OpenLabOptions {
  readonly storeFolder: string
  /** Path of the script of a compute process. */
  readonly workerEntry: string
  readonly logger: Logger
  readonly facts: BuildFacts
  /** Reads a person's file as a run will, and throws what is wrong with it. */
  readonly checkSamples: (data: FileDataSpec) => Promise<void>
  /** Loads an experiment's data and builds its network, as a run of the seed would. */
  readonly describeExperiment: DescribeExperiment
  /** Throws if a run cannot be computed as wanted on this machine. */
  readonly checkCompute: (compute: ComputeRequest) => Promise<void>
  /**
   * `work`: works on the queue and goes on with what a crash interrupted. `work-new`: works on the
   * queue only. `look`: starts no process; for commands that only read or delete.
   * @default 'work'
   */
  readonly mode?: 'work' | 'work-new' | 'look'
  /** Compute processes at a time. @default 1 */
  readonly concurrency?: number
}

/** A registered file and where it lies. */
export interface ArtifactFile {
  readonly artifact: Artifact
  readonly path: string
}

/** An opened store with everything that works on it; the only one on its folder. */
export interface Lab {
  readonly storeFolder: string
  readonly handlers: Handlers
  /** Hands over every event until the function it returns is called. */
  subscribe(listener: EventListener): () => void
  /** What a client may know of an error; one that nobody foresaw goes to the log under an incident id. */
  describeError(error: unknown): ApiError
  /** @throws ApiError `artifact-not-found`. */
  findArtifact(id: string): ArtifactFile
  /** Whether a run is going on or waits for its turn. */
  hasWork(): boolean
  /** Tells others on which port this engine listens. */
  announcePort(port: number): void
  /** Stops every compute process after a checkpoint, then closes the store. */
  dispose(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Opens the store in a folder and starts to work on its queue.
 *
 * @throws ApiError `store-in-use` naming the process that has it, `store-corrupt`, `disk-full`.
 */
export function openLab(options: OpenLabOptions): Lab {
  const { storeFolder, workerEntry, logger, facts, mode = 'work', concurrency = 1 } = options
  const listeners = new Set<EventListener>()
  const emit: EventListener = (event, payload) => {
    for (const listener of [...listeners]) listener(event, payload)
  }
  const store = openStore(storeFolder, { logger })
  const supervisor = startSupervisor()
  const handlers = createHandlers({
    store,
    supervisor,
    emit,
    checkSamples: options.checkSamples,
    describeExperiment: options.describeExperiment,
    checkCompute: options.checkCompute,
    describe: () => describeEngine(storeFolder, facts),
  })
  let disposal: Promise<void> | null = null

  function startSupervisor() {
    try {
      return createSupervisor({
        store,
        workerEntry,
        logger,
        onEvent: emit,
        concurrency: mode === 'look' ? 0 : concurrency,
        autoResume: mode === 'work',
      })
    } catch (error) {
      store.close()
      throw error
    }
  }

  async function close(): Promise<void> {
    await supervisor.dispose()
    store.close()
  }
  const dispose = () => (disposal ??= close())

  return {
    storeFolder,
    handlers,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    describeError(error) {
      const known = toApiError(error)
      if (known.code !== 'internal' || error instanceof ApiError) return known
      const incident = createIncidentId()
      logger.error(`incident ${incident}: ${known.message}`, error)
      return new ApiError('internal', `internal error (incident ${incident} in the log)`, {
        incident,
      })
    },
    findArtifact: (id) => ({ artifact: store.artifacts.get(id), path: store.artifactPath(id) }),
    hasWork: () =>
      store.runs.idsWithStatus('running').length + store.runs.idsWithStatus('queued').length > 0,
    announcePort: (port) => {
      store.announcePort(port)
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}
