import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '#base'
import { fileError } from './file-errors.ts'
import { partialSuffix, removeQuietly, syncFolder } from './files.ts'

const creatingPrefix = '.creating-'
const deletingPrefix = '.deleting-'

/**
 * The folders of runs. A run's folder appears under its own name only once its row is stored, and
 * loses that name before its row is removed; {@link RunFolders.sweep} settles what a crash left open.
 */
export interface RunFolders {
  pathOf(runId: string): string
  /** Makes a folder under a provisional name and returns its path. */
  prepare(runId: string): string
  /** Gives a prepared folder its name. */
  publish(runId: string): void
  /** Removes a prepared folder. */
  discard(runId: string): void
  /** Takes a folder's name away. */
  withdraw(runId: string): void
  /** Gives a withdrawn folder its name back. */
  reinstate(runId: string): void
  /** Removes a withdrawn folder. */
  erase(runId: string): void
  /**
   * Settles unfinished creations and deletions by whether the run's row exists.
   *
   * Folders that nothing is known of are left alone: after a backup was restored they are the only
   * copy of their run.
   *
   * @param isDeep - Also looks into every run's folder for temporary files.
   */
  sweep(knownIds: ReadonlySet<string>, isDeep: boolean, logger: Logger): void
}

/** The run folders inside a folder, which is made if absent. */
export function runFolders(root: string): RunFolders {
  mkdirSync(root, { recursive: true })
  const pathOf = (runId: string) => join(root, runId)
  const creating = (runId: string) => join(root, `${creatingPrefix}${runId}`)
  const deleting = (runId: string) => join(root, `${deletingPrefix}${runId}`)

  function rename(from: string, to: string): void {
    try {
      renameSync(from, to)
      syncFolder(root)
    } catch (error) {
      throw fileError('rename', from, error)
    }
  }

  /** Gives the folder its name if its row exists, else removes it. */
  function settle(name: string, runId: string, isKnown: boolean, logger: Logger): void {
    const path = join(root, name)
    if (isKnown && !existsSync(pathOf(runId))) {
      logger.warn(`restored the folder of run ${runId} after a crash`)
      rename(path, pathOf(runId))
    } else {
      logger.warn(`removed what a crash left of run ${runId}: ${path}`)
      removeQuietly(path)
    }
  }

  return {
    pathOf,
    prepare(runId) {
      const path = creating(runId)
      try {
        mkdirSync(path)
      } catch (error) {
        throw fileError('create', path, error)
      }
      return path
    },
    publish(runId) {
      rename(creating(runId), pathOf(runId))
    },
    discard(runId) {
      removeQuietly(creating(runId))
    },
    withdraw(runId) {
      if (existsSync(pathOf(runId))) rename(pathOf(runId), deleting(runId))
    },
    reinstate(runId) {
      if (existsSync(deleting(runId))) rename(deleting(runId), pathOf(runId))
    },
    erase(runId) {
      removeQuietly(deleting(runId))
    },
    sweep(knownIds, isDeep, logger) {
      for (const name of readdirSync(root)) {
        const prefix = [creatingPrefix, deletingPrefix].find((start) => name.startsWith(start))
        if (prefix !== undefined) {
          const runId = name.slice(prefix.length)
          settle(name, runId, knownIds.has(runId), logger)
        } else if (!knownIds.has(name)) {
          logger.warn(`no run in the store belongs to ${join(root, name)}; it is left alone`)
        } else if (isDeep) {
          sweepPartialFiles(join(root, name), logger)
        }
      }
    },
  }
}

/** Removes temporary files that a crash left in a folder. */
export function sweepPartialFiles(folder: string, logger: Logger): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith(partialSuffix))) {
    logger.warn(`removed an unfinished file: ${join(folder, name)}`)
    removeQuietly(join(folder, name))
  }
}
