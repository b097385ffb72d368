import type { Migration } from './migration.ts'

/** Measurement documents, one a run and position in its spec's `measure` list. */
export const createMeasurements: Migration = {
  name: '0003-create-measurements',
  sql: `
    CREATE TABLE measurements (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      measure_index INTEGER NOT NULL,
      document TEXT NOT NULL,
      PRIMARY KEY (run_id, measure_index)
    ) STRICT;
  `,
}
