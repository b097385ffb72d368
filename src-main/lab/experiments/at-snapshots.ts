import type { MeasureSpec } from '#shared/schemas'

/** Whether a measurement is made at each kept step of the training, with a document for each. */
export const isAtSnapshots = (measure: MeasureSpec): boolean =>
  measure.kind !== 'evolution' && measure.at === 'snapshots'
