import { statfsSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { ApiError } from '#shared/errors'
import { sqliteError, systemCode } from './file-errors.ts'

/** A connection to one SQLite file. */
export type Connection = Sqlite.Database

/** Before this version a rare race of WAL could lose a commit (sqlite.org/wal.html, the reset bug). */
const oldestSqlite = [3, 51, 3] as const

/** Magic numbers of statfs(2) on Linux: NFS, SMB, SMB 2, 9P. */
const networkTypes = new Set([0x6969, 0xff534d42, 0xfe534d42, 0x01021997])

/** Whether shared memory, and with it WAL, cannot be relied on in a folder. Known on Linux only. */
export const isNetworkFolder = (folder: string): boolean =>
  process.platform === 'linux' && networkTypes.has(statfsSync(folder).type >>> 0)

/**
 * Opens the database of a store: WAL, no memory map, every commit synced, foreign keys on.
 *
 * @param options.journalMode - `delete` where WAL cannot be used.
 * @throws ApiError `store-corrupt` if the file is not a readable database; `internal` if SQLite is
 *   older than 3.51.3.
 */
export function openConnection(
  path: string,
  options: { readonly journalMode?: 'wal' | 'delete' } = {},
): Connection {
  let connection: Connection | null = null
  try {
    connection = new Sqlite(path)
    checkVersion(connection)
    connection.pragma(`journal_mode = ${options.journalMode ?? 'wal'}`)
    connection.pragma('mmap_size = 0')
    connection.pragma('synchronous = FULL')
    connection.pragma('foreign_keys = ON')
    connection.prepare('SELECT count(*) FROM sqlite_schema').get()
    return connection
  } catch (error) {
    connection?.close()
    throw sqliteError(path, error)
  }
}

/**
 * Takes the exclusive lock of a SQLite file and holds it; null if another process has it.
 *
 * The lock is the operating system's: it ends with the process, however that ends.
 */
export function openExclusive(path: string): Connection | null {
  const connection = new Sqlite(path, { timeout: 0 })
  try {
    connection.exec('BEGIN EXCLUSIVE')
    return connection
  } catch (error) {
    connection.close()
    if (systemCode(error)?.startsWith('SQLITE_BUSY') === true) return null
    throw sqliteError(path, error)
  }
}

/** Runs SQLite's own check. @throws ApiError `store-corrupt` naming the file and the first findings. */
export function checkIntegrity(connection: Connection): void {
  let findings: string[]
  try {
    findings = connection.prepare<[], string>('PRAGMA quick_check(20)').pluck().all()
  } catch (error) {
    throw sqliteError(connection.name, error)
  }
  if (findings.length === 1 && findings[0] === 'ok') return
  throw new ApiError(
    'store-corrupt',
    `the store is damaged: ${connection.name}: ${findings.slice(0, 3).join('; ')}`,
    { path: connection.name, findings },
  )
}

/** Runs work as one transaction that is on the disk when this returns. */
export function runDurably<T>(connection: Connection, work: () => T): T {
  return connection.inTransaction ? work() : connection.transaction(work).immediate()
}

/**
 * Runs work as one transaction that a power cut may undo, though never in part.
 *
 * It lasts from the next durable commit on: that one syncs the whole log.
 */
export function runRelaxed<T>(connection: Connection, work: () => T): T {
  if (connection.inTransaction) return work()
  connection.pragma('synchronous = NORMAL')
  try {
    return connection.transaction(work).immediate()
  } finally {
    connection.pragma('synchronous = FULL')
  }
}

function checkVersion(connection: Connection): void {
  const text = connection.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '0'
  const version = text.split('.').map(Number)
  for (const [i, needed] of oldestSqlite.entries()) {
    const given = version[i] ?? 0
    if (given > needed) return
    if (given < needed) {
      const message = `SQLite must be ${oldestSqlite.join('.')} or newer, got ${text}`
      throw new ApiError('internal', message, { sqlite: text })
    }
  }
}
