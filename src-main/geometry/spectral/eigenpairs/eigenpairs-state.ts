import { InputError } from '#base'
import type { Vector } from '#geometry/operators'
import type { BlockLanczosState } from '../krylov/block-lanczos.ts'
import type { BlockSizeState } from './block-size.ts'
import type { DroppedParts } from './recurrence-residuals.ts'

/** How a search stands when it looks for the first time, or has found all, or found too little. */
export type SearchOutcome = 'complete' | 'unchecked' | 'unconverged'

/** All of a search but its vectors; JSON gives it back unchanged. */
export interface EigenpairsHeader {
  /** What the search depends on; a state goes on only where this is the same. */
  readonly made: Readonly<Record<string, number | string>>
  readonly recurrence: BlockLanczosState
  readonly blockSize: BlockSizeState
  readonly products: number
  readonly nextLook: number
  readonly rounds: number
  readonly restarts: number
  readonly locked: number
  readonly lockedValues: readonly number[]
  readonly isStale: boolean
  readonly dropped: DroppedParts
  readonly deviation: number
  readonly outcome: SearchOutcome
  /** Whether all was found, and only what measures the pairs is missing. */
  readonly isDone: boolean
}

/** An interrupted search for eigenpairs: from it, the search goes on as if nothing had happened. */
export interface EigenpairsState {
  readonly header: EigenpairsHeader
  readonly rows: number
  /** The basis, `[rows, n]`. */
  readonly vectors: Vector
}

/**
 * Checks that a state belongs to a search.
 *
 * @throws InputError naming what differs.
 */
export function checkState(
  { header, rows, vectors }: EigenpairsState,
  made: EigenpairsHeader['made'],
  size: number,
): void {
  for (const [name, value] of Object.entries(made)) {
    const saved = header.made[name]
    if (saved !== value) {
      throw new InputError(
        'saved',
        `saved is of another search: its ${name} is ${String(saved)}, this one's ${value}`,
      )
    }
  }
  if (vectors.length !== rows * size) {
    throw new InputError(
      'saved',
      `saved must hold ${rows} vectors of ${size} numbers, got ${vectors.length} numbers`,
    )
  }
}
