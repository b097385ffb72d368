import { invariant } from '#base'
import type { Vector } from '#geometry/operators'
import type { SavedState } from './state-codec.ts'
import type { StateKeeper } from './site.ts'

/** How far an iteration is, as solvers give and take it. */
interface SolverState {
  readonly header: unknown
  readonly rows: number
  readonly vectors: Vector
}

/** What a solver is given to go on from, and to write down how far it is. */
interface Resumption {
  readonly saved?: SavedState | undefined
  readonly onState?:
    { readonly everyMs: number; readonly save: (state: SolverState) => Promise<void> } | undefined
}

/**
 * Lets a solver resume, unless its state would be too large to be written.
 *
 * @param bytes - Of the vectors of its state, at most.
 */
export function resumption(keeper: StateKeeper | undefined, bytes: number): Resumption {
  if (keeper === undefined || bytes > keeper.largestBytes) return {}
  return {
    saved: keeper.load() ?? undefined,
    onState: {
      everyMs: keeper.everyMs,
      save: ({ header, rows, vectors }) => {
        invariant(vectors instanceof Float32Array, 'matrices are measured in float32')
        keeper.save({ header, rows, vectors })
        return Promise.resolve()
      },
    },
  }
}
