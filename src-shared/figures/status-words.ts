import type { MeasurementStatus, RunStatus } from '../schemas/index.ts'

/** A status for people: a word and a shape, and a tone for those who see color. */
export interface StatusWord {
  readonly word: string
  readonly shape: string
  readonly tone: 'quiet' | 'active' | 'good' | 'warning' | 'bad'
}

/** Words of the statuses of a run. */
export const runStatusWords: Record<RunStatus, StatusWord> = {
  queued: { word: 'Queued', shape: '○', tone: 'quiet' },
  running: { word: 'Running', shape: '◐', tone: 'active' },
  paused: { word: 'Paused', shape: '‖', tone: 'warning' },
  interrupted: { word: 'Interrupted', shape: '◇', tone: 'warning' },
  cancelled: { word: 'Cancelled', shape: '□', tone: 'quiet' },
  failed: { word: 'Failed', shape: '✕', tone: 'bad' },
  finished: { word: 'Finished', shape: '●', tone: 'good' },
}

/** Words of the statuses of a measurement. */
export const measurementStatusWords: Record<MeasurementStatus, StatusWord> = {
  converged: { word: 'Converged', shape: '●', tone: 'good' },
  'not-converged': { word: 'Not converged', shape: '◐', tone: 'warning' },
  estimated: { word: 'Estimated', shape: '≈', tone: 'good' },
  exact: { word: 'Exact', shape: '■', tone: 'good' },
  'out-of-domain': { word: 'Out of domain', shape: '◇', tone: 'warning' },
  inconsistent: { word: 'Inconsistent', shape: '✕', tone: 'bad' },
}

/** The word of a status that a reader must not miss; null where the numbers can be taken as they are. */
export function alarmOf(status: MeasurementStatus): StatusWord | null {
  const { tone } = measurementStatusWords[status]
  return tone === 'warning' || tone === 'bad' ? measurementStatusWords[status] : null
}
