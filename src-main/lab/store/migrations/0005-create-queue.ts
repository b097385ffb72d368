import type { Migration } from './migration.ts'

/** Runs that wait for a compute process, or have one: those carry the lease of their engine. */
export const createQueue: Migration = {
  name: '0005-create-queue',
  sql: `
    CREATE TABLE queue (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id TEXT NOT NULL UNIQUE REFERENCES runs (id) ON DELETE CASCADE,
      enqueued_at TEXT NOT NULL,
      lease_owner TEXT,
      lease_until_ms INTEGER
    ) STRICT;
  `,
}
