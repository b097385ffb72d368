import type { Migration } from './migration.ts'

/** Registered files of run bundles; `position` is the order of registration. */
export const createArtifacts: Migration = {
  name: '0004-create-artifacts',
  sql: `
    CREATE TABLE artifacts (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      kind TEXT NOT NULL,
      file_name TEXT NOT NULL,
      size_bytes INTEGER NOT NULL,
      sha256 TEXT NOT NULL,
      created_at TEXT NOT NULL,
      step INTEGER,
      UNIQUE (run_id, file_name)
    ) STRICT;
  `,
}
