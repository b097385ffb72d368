import { monotonicMs } from '#base'
import type { Progress } from '#shared/schemas'
import type { ExperimentContext } from './context.ts'

/** Time between two reports. */
const intervalMs = 150

/**
 * Reports how far a phase is, at most a few times a second, with an estimate of the time left from the
 * rate so far.
 */
export function createProgressReporter(
  context: ExperimentContext,
  phase: Progress['phase'],
  label: string,
  total: number,
): (done: number) => void {
  const started = monotonicMs()
  let first: number | null = null
  let last = -Infinity
  return (done) => {
    const now = monotonicMs()
    if (now - last < intervalMs && done < total) return
    last = now
    first ??= done
    const rate = (done - first) / (now - started)
    // Work may outgrow what was foreseen: then nothing is known of its end.
    const etaMs = rate > 0 && done <= total ? (total - done) / rate : null
    context.emit({
      type: 'progressed',
      progress: { phase, label, done, total: Math.max(total, done), etaMs },
    })
  }
}
