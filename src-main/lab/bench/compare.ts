import { race, type Contestant, type RaceOptions } from './race.ts'
import type { Comparison, Timing } from './report.ts'
import { ratioSpread, spreadOf } from './statistics.ts'

/** A peer's way as a contestant. */
export interface RivalContestant {
  readonly way: string
  /** Vectors, or runs, a call. */
  readonly rows: number
  readonly contestant: Contestant
}

/** Median, quartiles and the samples themselves. */
export const timingOf = (samples: number[]): Timing => ({ ...spreadOf(samples), samples })

/**
 * Times our work and that of rivals in turns.
 *
 * @param pace - One more contestant whose times are returned beside the comparison.
 */
export async function compare(
  ours: Contestant,
  rivals: readonly RivalContestant[],
  options: RaceOptions,
  pace: readonly Contestant[] = [],
): Promise<Comparison & { readonly paceTimes: readonly number[][] }> {
  const entries = [ours, ...rivals.map(({ contestant }) => contestant), ...pace]
  const times = await race(entries, options)
  const own = times[0]!
  const compared = rivals.map(({ way, rows }, i) => {
    const theirs = times[i + 1]!
    return { way, rows, time: timingOf(theirs), ratio: ratioSpread(own, theirs) }
  })
  const best = compared.toSorted((a, b) => a.time.median - b.time.median)[0]
  return {
    ours: timingOf(own),
    rivals: compared,
    ratio: best?.ratio ?? null,
    paceTimes: times.slice(1 + rivals.length),
  }
}
