import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '#base'
import { ApiError } from '#shared/errors'
import type {
  Artifact,
  ComputeRequest,
  ExperimentSpec,
  RunDetail,
  RunSummary,
} from '#shared/schemas'
import { artifactRepository, type ArtifactRepository } from './artifacts.ts'
import { backUp } from './backup.ts'
import { writeBundle, writeFirstManifest } from './bundle.ts'
import { fileError, sqliteError } from './file-errors.ts'
import { writeFileDurably, type FileContent } from './files.ts'
import { runFolders, sweepPartialFiles, type RunFolders } from './folders.ts'
import { acquireLock, type StoreLock } from './lock.ts'
import { measurementRepository, type MeasurementRepository } from './measurements.ts'
import { metricRepository, type MetricRepository } from './metrics.ts'
import { appliedMigrations, migrate, pendingMigrations } from './migrate.ts'
import { migrations as allMigrations } from './migrations/all.ts'
import type { Migration } from './migrations/migration.ts'
import { newDetail, newSummary } from './new-run.ts'
import {
  checkIntegrity,
  isNetworkFolder,
  openConnection,
  runDurably,
  runRelaxed,
  type Connection,
} from './open.ts'
import { queueRepository, type QueueRepository } from './queue.ts'
import { runRepository, type RunRepository } from './runs.ts'

/** How {@link openStore} opens. */
export interface OpenStoreOptions {
  readonly logger: Logger
  /** Schema to bring the store to. @default all migrations of this version */
  readonly migrations?: readonly Migration[]
}

/** A store opened for writing; the only one on its folder. */
export interface Store {
  readonly folder: string
  readonly runs: RunRepository
  readonly metrics: MetricRepository
  readonly measurements: MeasurementRepository
  readonly artifacts: ArtifactRepository
  readonly queue: QueueRepository
  /**
   * Stores one run a spec and seed with its folder, all or none. They have the status `queued`; the
   * supervisor's `enqueue` puts them on the queue.
   *
   * @param compute - How they are to be computed. @default null: at the defaults
   */
  createRuns(specs: readonly ExperimentSpec[], compute?: ComputeRequest | null): RunSummary[]
  /** @throws ApiError `run-not-found`. */
  getRun(runId: string): RunDetail
  /** Folder of a run's bundle. */
  runFolder(runId: string): string
  /** Path of a registered file. @throws ApiError `artifact-not-found`. */
  artifactPath(artifactId: string): string
  /** Writes a file into a run's bundle and registers it. */
  writeArtifact(
    entry: Pick<Artifact, 'runId' | 'kind' | 'fileName' | 'step'>,
    content: FileContent,
  ): Artifact
  /** Writes metrics, measurements and manifest of a run's bundle. */
  writeBundle(runId: string): void
  /** Removes a run that is not running, with its files. @throws ApiError `run-not-found`, `invalid-argument`. */
  deleteRun(runId: string): void
  /** Runs work as one transaction that is on the disk when this returns. */
  transaction<T>(work: () => T): T
  /** Runs work as one transaction that a power cut may undo until the next durable one, never in part. */
  transactionRelaxed<T>(work: () => T): T
  /** Tells others on which port this engine listens. */
  announcePort(port: number): void
  close(): void
  [Symbol.dispose](): void
}

/**
 * Opens the store in a folder, makes it if absent, brings its schema up to date and clears away what
 * a crash left unfinished.
 *
 * @throws ApiError `store-in-use` naming the process that has it, `store-corrupt` naming the file or
 *   the migrations that do not fit, `disk-full`.
 */
export function openStore(folder: string, options: OpenStoreOptions): Store {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fileError('create', folder, error)
  }
  const lock = acquireLock(folder)
  let connection: Connection | null = null
  try {
    connection = openDatabase(folder, lock, options)
    const folders = runFolders(join(folder, 'runs'))
    const store = assemble(folder, connection, folders, lock)
    if (lock.followsCrash) sweepPartialFiles(join(folder, 'backups'), options.logger)
    folders.sweep(new Set(store.runs.allIds()), lock.followsCrash, options.logger)
    rewriteStaleBundles(store, options.logger)
    return store
  } catch (error) {
    connection?.close()
    lock.release(!lock.followsCrash)
    throw sqliteError(join(folder, 'store.sqlite'), error)
  }
}

function openDatabase(folder: string, lock: StoreLock, options: OpenStoreOptions): Connection {
  const { logger, migrations = allMigrations } = options
  const isNetwork = isNetworkFolder(folder)
  if (isNetwork) logger.warn(`${folder} is on a network: the store works there, but slower`)
  const path = join(folder, 'store.sqlite')
  const connection = openConnection(path, { journalMode: isNetwork ? 'delete' : 'wal' })
  try {
    if (lock.followsCrash) {
      logger.warn(`the store ${folder} was not closed; checking it`)
      checkIntegrity(connection)
    }
    bringUpToDate(connection, join(folder, 'backups'), migrations, logger)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

function bringUpToDate(
  connection: Connection,
  backups: string,
  known: readonly Migration[],
  logger: Logger,
): void {
  const pending = pendingMigrations(connection, known)
  const first = pending[0]
  if (first === undefined) return
  if (appliedMigrations(connection).length > 0) {
    logger.info(`backed up the store to ${backUp(connection, backups, `before-${first.name}`)}`)
  }
  const { results, error } = migrate(connection, known)
  for (const { name, status } of results) logger.info(`migration ${name}: ${status}`)
  if (error === null) return
  if (error instanceof ApiError && error.code !== 'internal') throw error
  const failed = results.find(({ status }) => status === 'failed')?.name ?? ''
  throw new ApiError(
    'internal',
    `migration ${failed} failed: ${error.message}`,
    { results },
    { cause: error },
  )
}

/** A bundle is stale if the engine died between the end of its run and the writing. */
function rewriteStaleBundles(store: Store, logger: Logger): void {
  for (const runId of store.runs.idsWithStaleBundle()) {
    try {
      store.writeBundle(runId)
    } catch (error) {
      // The store itself is sound, and the mark stays for the next opening.
      logger.error(`the bundle of run ${runId} cannot be written`, error)
    }
  }
}

function assemble(
  folder: string,
  connection: Connection,
  folders: RunFolders,
  lock: StoreLock,
): Store {
  const runs = runRepository(connection)
  const metrics = metricRepository(connection)
  const measurements = measurementRepository(connection)
  const artifacts = artifactRepository(connection)
  const queue = queueRepository(connection, runs)
  const transaction = <T>(work: () => T): T => runDurably(connection, work)

  function getRun(runId: string): RunDetail {
    return {
      summary: runs.get(runId),
      ...runs.documents(runId),
      measurements: measurements.list(runId),
      artifacts: artifacts.list(runId),
    }
  }

  function createRuns(
    specs: readonly ExperimentSpec[],
    compute: ComputeRequest | null = null,
  ): RunSummary[] {
    const made = specs.flatMap((spec) =>
      spec.seeds.map((seed) => ({ spec, summary: newSummary(spec, seed) })),
    )
    const summaries = made.map(({ summary }) => summary)
    let areStored = false
    try {
      for (const { spec, summary } of made) {
        writeFirstManifest(folders.prepare(summary.id), newDetail(summary, spec))
      }
      transaction(() => {
        for (const { spec, summary } of made) runs.insert(summary, spec, compute)
      })
      areStored = true
      for (const { id } of summaries) folders.publish(id)
    } catch (error) {
      if (areStored) {
        transaction(() => {
          for (const { id } of summaries) runs.remove(id)
        })
      }
      for (const { id } of summaries) {
        folders.withdraw(id)
        folders.erase(id)
        folders.discard(id)
      }
      throw sqliteError(connection.name, error)
    }
    return summaries
  }

  function bundle(runId: string): void {
    const path = folders.pathOf(runId)
    const written = writeBundle(path, getRun(runId), metrics.pages(runId))
    transaction(() => {
      for (const file of written) {
        artifacts.register({ ...file, runId, kind: 'measurement', step: null })
      }
      runs.markBundleFresh(runId)
    })
  }

  function writeArtifact(
    entry: Pick<Artifact, 'runId' | 'kind' | 'fileName' | 'step'>,
    content: FileContent,
  ): Artifact {
    const { status } = runs.get(entry.runId)
    const record = writeFileDurably(join(folders.pathOf(entry.runId), entry.fileName), content)
    const artifact = artifacts.register({ ...entry, ...record })
    // While a run goes on its bundle is open anyway; it is written when the run ends.
    if (status !== 'queued' && status !== 'running') bundle(entry.runId)
    return artifact
  }

  function deleteRun(runId: string): void {
    if (runs.get(runId).status === 'running') {
      throw new ApiError('invalid-argument', `run ${runId} must not be running to be deleted`, {
        runId,
      })
    }
    folders.withdraw(runId)
    try {
      transaction(() => runs.remove(runId))
    } catch (error) {
      folders.reinstate(runId)
      throw sqliteError(connection.name, error)
    }
    folders.erase(runId)
  }

  function close(): void {
    if (!connection.open) return
    connection.close()
    lock.release(true)
  }

  return {
    folder,
    runs,
    metrics,
    measurements,
    artifacts,
    queue,
    createRuns,
    getRun,
    runFolder: (runId) => folders.pathOf(runId),
    artifactPath(artifactId) {
      const { runId, fileName } = artifacts.get(artifactId)
      return join(folders.pathOf(runId), fileName)
    },
    writeArtifact,
    writeBundle: bundle,
    deleteRun,
    transaction,
    transactionRelaxed: (work) => runRelaxed(connection, work),
    announcePort: (port) => lock.announcePort(port),
    close,
    [Symbol.dispose]: close,
  }
}
