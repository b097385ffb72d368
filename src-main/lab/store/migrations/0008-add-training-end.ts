import type { Migration } from './migration.ts'

/** Why training ended and after which step, as JSON; null before it has. */
export const addTrainingEnd: Migration = {
  name: '0008-add-training-end',
  sql: 'ALTER TABLE run_documents ADD COLUMN training_end TEXT;',
}
