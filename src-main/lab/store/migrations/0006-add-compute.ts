import type { Migration } from './migration.ts'

/** How a run is to be computed, as JSON; null for the defaults. */
export const addCompute: Migration = {
  name: '0006-add-compute',
  sql: 'ALTER TABLE run_documents ADD COLUMN compute TEXT;',
}
