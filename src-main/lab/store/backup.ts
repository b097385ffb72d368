import { closeSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { isoNow } from '#base'
import { fileError, sqliteError, systemCode } from './file-errors.ts'
import { partialSuffix, removeQuietly, syncFolder } from './files.ts'
import type { Connection } from './open.ts'

/**
 * Copies a database to a new file in a folder, compacted, and syncs it.
 *
 * @returns Path of the copy.
 * @throws ApiError `disk-full` or `internal`; nothing is left of an unfinished copy.
 */
export function backUp(connection: Connection, folder: string, label: string): string {
  const path = join(folder, `${isoNow().replaceAll(':', '-')}-${label}.sqlite`)
  const temporary = `${path}${partialSuffix}`
  try {
    mkdirSync(folder, { recursive: true })
    connection.prepare('VACUUM INTO ?').run(temporary)
    const handle = openSync(temporary, 'r+')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(temporary, path)
    syncFolder(folder)
    return path
  } catch (error) {
    removeQuietly(temporary)
    const isSqlite = systemCode(error)?.startsWith('SQLITE_') === true
    throw isSqlite ? sqliteError(path, error) : fileError('write', path, error)
  }
}
