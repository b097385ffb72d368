import type { Migration } from './migration.ts'

/**
 * The runs. `position` is the order of creation; `search` the lower-case text that a filter looks
 * through. What a list never shows is kept apart, so that paging reads small rows.
 */
export const createRuns: Migration = {
  name: '0001-create-runs',
  sql: `
    CREATE TABLE runs (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      status TEXT NOT NULL,
      seed INTEGER NOT NULL,
      data_kind TEXT NOT NULL,
      model_label TEXT NOT NULL,
      search TEXT NOT NULL,
      created_at TEXT NOT NULL,
      started_at TEXT,
      ended_at TEXT,
      attempt INTEGER NOT NULL DEFAULT 0,
      progress TEXT NOT NULL,
      last_metrics TEXT,
      top_eigenvalue REAL,
      error TEXT,
      bundle_stale INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX runs_by_status ON runs (status);
    CREATE INDEX runs_with_stale_bundle ON runs (bundle_stale) WHERE bundle_stale = 1;
    CREATE TABLE run_documents (
      run_id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
      spec TEXT NOT NULL,
      provenance TEXT,
      data_card TEXT,
      parameter_count INTEGER
    ) STRICT, WITHOUT ROWID;
  `,
}
