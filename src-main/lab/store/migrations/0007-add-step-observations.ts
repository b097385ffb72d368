import type { Migration } from './migration.ts'

/** What a row tells of the step that led to it; null in rows of earlier versions. */
export const addStepObservations: Migration = {
  name: '0007-add-step-observations',
  sql: `
    ALTER TABLE metrics ADD COLUMN batch_loss REAL;
    ALTER TABLE metrics ADD COLUMN update_norm REAL;
    ALTER TABLE metrics ADD COLUMN gradient_cosine REAL;
    ALTER TABLE metrics ADD COLUMN distance REAL;
    ALTER TABLE metrics ADD COLUMN learning_rate REAL;
  `,
}
