import type { Migration } from './migration.ts'

/** A measurement may be made at several steps of training; the step of earlier documents stands in them. */
export const keyMeasurementsByStep: Migration = {
  name: '0009-key-measurements-by-step',
  sql: `
    ALTER TABLE measurements RENAME TO measurements_before;
    CREATE TABLE measurements (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      measure_index INTEGER NOT NULL,
      step INTEGER NOT NULL,
      document TEXT NOT NULL,
      PRIMARY KEY (run_id, measure_index, step)
    ) STRICT;
    INSERT INTO measurements (run_id, measure_index, step, document)
      SELECT run_id, measure_index, json_extract(document, '$.step'), document
      FROM measurements_before;
    DROP TABLE measurements_before;
  `,
}
