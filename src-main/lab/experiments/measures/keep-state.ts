import type { ResumeOptions } from '#geometry/spectral'
import type { StateKeeper } from './site.ts'

/**
 * Lets a solver resume, unless its state would be too large to be written.
 *
 * @param bytes - Of the vectors of its state, at most.
 */
export function resumption(keeper: StateKeeper | undefined, bytes: number): ResumeOptions {
  if (keeper === undefined || bytes > keeper.largestBytes) return {}
  return {
    saved: keeper.load() ?? undefined,
    onState: {
      everyMs: keeper.everyMs,
      save: (state) => {
        keeper.save(state)
        return Promise.resolve()
      },
    },
  }
}
