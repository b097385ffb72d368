import { isoNow } from '#base'
import { ApiError } from '#shared/errors'
import { sqliteError } from './file-errors.ts'
import { sha256Of } from './files.ts'
import type { Migration } from './migrations/migration.ts'
import { runDurably, type Connection } from './open.ts'

/** What became of each migration that was due. */
export interface MigrationReport {
  readonly results: readonly {
    readonly name: string
    readonly status: 'success' | 'failed' | 'not-run'
  }[]
  /** Why the failed one failed; null if none did. */
  readonly error: Error | null
}

interface AppliedMigration {
  readonly name: string
  readonly sha256: string
}

/** Migrations a store has been through, in order. Reads only. */
export function appliedMigrations(connection: Connection): AppliedMigration[] {
  const exists = connection.prepare(
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'",
  )
  if (exists.get() === undefined) return []
  return connection
    .prepare<[], AppliedMigration>('SELECT name, sha256 FROM migrations ORDER BY position')
    .all()
}

/**
 * Migrations that a store still needs, in order. Reads only.
 *
 * @throws ApiError `store-corrupt` printing both lists, if what was applied is not a prefix of `known`.
 */
export function pendingMigrations(
  connection: Connection,
  known: readonly Migration[],
): readonly Migration[] {
  const applied = appliedMigrations(connection)
  const isPrefix = applied.every(
    ({ name, sha256 }, i) => known[i]?.name === name && sha256Of(known[i].sql) === sha256,
  )
  if (isPrefix) return known.slice(applied.length)
  const print = (list: readonly AppliedMigration[]) =>
    list.map(({ name, sha256 }) => `${name} (${sha256.slice(0, 8)})`)
  const inStore = print(applied)
  const inProgram = print(known.map(({ name, sql }) => ({ name, sha256: sha256Of(sql) })))
  throw new ApiError(
    'store-corrupt',
    `the store ${connection.name} was made by another version of Saddle: ` +
      `it went through ${inStore.join(', ')}; this version knows ${inProgram.join(', ')}`,
    { path: connection.name, inStore, inProgram },
  )
}

/**
 * Applies what is pending, each migration and its record in one transaction.
 *
 * Stops at the first failure, which leaves no trace; those before it stay.
 *
 * @throws ApiError `store-corrupt` if the history is not a prefix of `known`; never for a failed
 *   migration, which the report tells.
 */
export function migrate(connection: Connection, known: readonly Migration[]): MigrationReport {
  const pending = pendingMigrations(connection, known)
  const results: { name: string; status: 'success' | 'failed' | 'not-run' }[] = []
  let error: Error | null = null
  for (const migration of pending) {
    if (error !== null) {
      results.push({ name: migration.name, status: 'not-run' })
      continue
    }
    try {
      apply(connection, migration)
      results.push({ name: migration.name, status: 'success' })
    } catch (cause) {
      const named = sqliteError(connection.name, cause)
      error = named instanceof Error ? named : new Error('unknown failure', { cause })
      results.push({ name: migration.name, status: 'failed' })
    }
  }
  return { results, error }
}

function apply(connection: Connection, migration: Migration): void {
  runDurably(connection, () => {
    connection.exec(`
      CREATE TABLE IF NOT EXISTS migrations (
        position INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        applied_at TEXT NOT NULL
      ) STRICT
    `)
    connection.exec(migration.sql)
    connection
      .prepare('INSERT INTO migrations (name, sha256, applied_at) VALUES (?, ?, ?)')
      .run(migration.name, sha256Of(migration.sql), isoNow())
  })
}
