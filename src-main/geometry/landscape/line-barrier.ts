import type { LineProfile } from './loss-along-line.ts'

/** How far a loss rises above the chord between the ends of a line. */
export interface LineBarrier {
  /** Largest excess over the chord, 0 or more. */
  readonly height: number
  /** Position of it; the first end if there is none. */
  readonly position: number
}

/**
 * max over α of L(α) − [(1 − α)·L(0) + α·L(1)], α running from one end of a profile to the other.
 *
 * A lower bound of the line's barrier: the positions of the profile are all that is seen.
 *
 * @see Frankle et al., Linear mode connectivity and the lottery ticket hypothesis (2020)
 */
export function lineBarrier({ positions, losses }: LineProfile): LineBarrier {
  const [first, last] = [positions[0]!, positions.at(-1)!]
  let barrier: LineBarrier = { height: 0, position: first }
  for (const [i, position] of positions.entries()) {
    const share = (position - first) / (last - first)
    const height = losses[i]! - ((1 - share) * losses[0]! + share * losses.at(-1)!)
    if (height > barrier.height) barrier = { height, position }
  }
  return barrier
}
