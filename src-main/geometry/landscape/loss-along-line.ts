import { InputError, throwIfStopped } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'

/** A line through parameter space and what is measured on it. */
export interface LineOptions {
  readonly space: VectorSpace
  /** θ `[n]`, where the position is 0; left alone. */
  readonly start: Vector
  /** u `[n]`, of any length; left alone. */
  readonly direction: Vector
  /** First and last position a < b; either may be 0. */
  readonly range: readonly [number, number]
  /** Equally spaced positions, both ends among them, 2 or more. */
  readonly points: number
  /** The loss at parameters that are overwritten when it has resolved. */
  readonly lossAt: (parameters: Vector) => Promise<number>
  /** Stops before the next position. */
  readonly signal?: AbortSignal | undefined
}

/** A loss by position on a line. */
export interface LineProfile {
  /** Ascending. */
  readonly positions: Float64Array
  /** As they came: far away a loss may be infinite. */
  readonly losses: Float64Array
}

/**
 * The loss L(θ + t·u) at equally spaced t in [a, b].
 *
 * Every position is computed from θ afresh, so that rounding does not add up. Cost: `points` evaluations and one
 * vector. Deterministic if `lossAt` is.
 *
 * @throws InputError if the range is not a < b with finite ends, or `points` not an integer of 2 or more.
 */
export async function lossAlongLine(options: LineOptions): Promise<LineProfile> {
  const { space, start, direction, range, points, lossAt, signal } = options
  const [low, high] = range
  if (!(low < high && Number.isFinite(high - low))) {
    throw new InputError('range', `range must be [a, b] with a < b, got [${low}, ${high}]`)
  }
  if (!(Number.isInteger(points) && points >= 2)) {
    throw new InputError('points', `points must be an integer of 2 or more, got ${points}`)
  }
  const positions = Float64Array.from({ length: points }, (_, i) => {
    const share = i / (points - 1)
    return (1 - share) * low + share * high
  })
  const losses = new Float64Array(points)
  const moved = space.allocate(1)
  for (const [i, position] of positions.entries()) {
    throwIfStopped(signal)
    moved.set(start)
    await space.addCombination(moved, 1, Float64Array.of(position), direction, 1)
    losses[i] = await lossAt(moved)
  }
  return { positions, losses }
}
