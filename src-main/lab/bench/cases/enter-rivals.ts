import { throwIfStopped } from '#base'
import type { PeerFailure } from '../peer/peer.ts'
import { settingsText, type EigenRival, type RivalSettings } from './eigen-rivals.ts'
import type { Verdict } from './judge.ts'
import type { Search } from './search.ts'

/** A rival with the settings it takes part with, and what a trial gave. */
export interface Entrant {
  readonly name: string
  readonly settings: string
  readonly search: Search
  readonly verdict: Verdict
  /** Once more, as in the trial. */
  readonly run: () => Promise<Search | PeerFailure>
}

/** Who takes part, and who gave nothing. */
export interface Entrants {
  readonly entrants: readonly Entrant[]
  readonly skipped: readonly { readonly name: string; readonly reason: string }[]
}

/**
 * Tries the settings of each rival from the cheapest on until its answer is right. One that is never right enters with
 * its last answer; one that gives none is skipped with its reason.
 */
export async function enterRivals(
  rivals: readonly EigenRival[],
  options: {
    solve(rival: EigenRival, settings: RivalSettings): Promise<Search | PeerFailure>
    judge(search: Search): Promise<Verdict>
    readonly signal?: AbortSignal | undefined
    onProgress(text: string): void
  },
): Promise<Entrants> {
  const entrants: Entrant[] = []
  const skipped: { name: string; reason: string }[] = []
  for (const rival of rivals) {
    let last: Entrant | null = null
    let reason = ''
    for (const settings of rival.candidates) {
      throwIfStopped(options.signal)
      options.onProgress(`trial of ${rival.name}, ${settingsText(settings)}`)
      const run = () => options.solve(rival, settings)
      const search = await run()
      if ('failure' in search) {
        reason = search.failure
        options.onProgress(`${rival.name} failed: ${reason}`)
        continue
      }
      const verdict = await options.judge(search)
      options.onProgress(`${rival.name}: ${trialText(search, verdict)}`)
      last = { name: rival.name, settings: settingsText(settings), search, verdict, run }
      if (verdict.isRight) break
    }
    if (last === null) skipped.push({ name: rival.name, reason })
    else entrants.push(last)
  }
  return { entrants, skipped }
}

const trialText = ({ ms, products }: Search, { isRight, misses, residuals }: Verdict): string =>
  `${isRight ? 'right' : 'not right'}, ${(ms / 1e3).toFixed(1)} s, ${products} products, ` +
  `${misses.length} missed, residual ${Math.max(...residuals).toExponential(1)}`
