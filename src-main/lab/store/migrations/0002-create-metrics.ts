import type { Migration } from './migration.ts'

/** Rows of training metrics, one a run and step. */
export const createMetrics: Migration = {
  name: '0002-create-metrics',
  sql: `
    CREATE TABLE metrics (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      step INTEGER NOT NULL,
      epoch REAL NOT NULL,
      elapsed_ms REAL NOT NULL,
      train_loss REAL NOT NULL,
      train_accuracy REAL,
      validation_loss REAL,
      validation_accuracy REAL,
      gradient_norm REAL NOT NULL,
      PRIMARY KEY (run_id, step)
    ) STRICT, WITHOUT ROWID;
  `,
}
