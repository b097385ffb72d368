import { sizeOf } from '#tensor/dense'
import { broadcastInto, reshape, transpose, type Tracer } from '#tensor/program'

/** A value and where its batch axis lies; null if it has none. */
export interface Batched {
  readonly value: Tracer
  readonly axis: number | null
  /**
   * Makes the value again with its batch axis elsewhere, for values that are repetitions of something smaller: that
   * costs less than to move them.
   */
  readonly remake?: ((axis: number) => Tracer) | undefined
}

/** Inserts an entry into a list. */
export const inserted = <T>(list: readonly T[], at: number, entry: T): T[] =>
  list.toSpliced(at, 0, entry)

/** Dimensions as they are counted once an axis has been put in at `axis`. */
export const shifted = (axes: readonly number[], axis: number): number[] =>
  axes.map((i) => (i >= axis ? i + 1 : i))

/** Moves a dimension; a reshape where it only passes dimensions of extent 1. */
export function moveAxis(value: Tracer, from: number, to: number): Tracer {
  if (from === to) return value
  const order = inserted(value.shape.map((_, axis) => axis).toSpliced(from, 1), to, from)
  const passed = value.shape.slice(Math.min(from, to), Math.max(from, to) + 1)
  return sizeOf(passed) === value.shape[from]
    ? reshape(
        value,
        order.map((axis) => value.shape[axis]!),
      )
    : transpose(value, order)
}

/** Repeats a value along a new axis. */
export function repeatAlong(value: Tracer, size: number, axis: number): Tracer {
  return broadcastInto(
    value,
    inserted(value.shape, axis, size),
    shifted(
      value.shape.map((_, i) => i),
      axis,
    ),
  )
}

/** The value with its batch axis at a place: moved there, or repeated if it has none. */
export function placed({ value, axis, remake }: Batched, size: number, at: number): Tracer {
  if (axis === null) return repeatAlong(value, size, at)
  if (axis === at) return value
  return remake === undefined ? moveAxis(value, axis, at) : remake(at)
}

/** A batch axis folded into another dimension, and how to take it out again. */
export interface Folded {
  /** Of the rank the value has without the batch axis. */
  readonly value: Tracer
  /** Whether the batch axis counts slower than the dimension it went into. */
  readonly isOuter: boolean
}

/**
 * Folds the batch axis into a dimension (counted without it). No data moves if the two are neighbours or
 * only dimensions of extent 1 lie between.
 *
 * @param mustBeOuter - The batch axis has to count slower, so that two values folded alike fit together.
 */
export function foldAxis(
  value: Tracer,
  axis: number,
  dimension: number,
  mustBeOuter = false,
): Folded {
  const { shape } = value
  const plain = shape.toSpliced(axis, 1)
  const target = plain.with(dimension, plain[dimension]! * shape[axis]!)
  const isBehind = axis > dimension
  const between = isBehind ? plain.slice(dimension + 1, axis) : plain.slice(axis, dimension)
  const isFree = sizeOf(between) === 1 && (!isBehind || !mustBeOuter || plain[dimension] === 1)
  if (isFree) {
    const isInner = isBehind && plain[dimension] !== 1
    return { value: reshape(value, target), isOuter: !isInner }
  }
  return { value: reshape(moveAxis(value, axis, dimension), target), isOuter: true }
}

/** Takes the batch axis out of a dimension again. */
export function unfoldAxis(
  value: Tracer,
  dimension: number,
  size: number,
  isOuter: boolean,
): Batched {
  const rest = value.shape[dimension]! / size
  const pair = isOuter ? [size, rest] : [rest, size]
  return {
    value: reshape(value, value.shape.toSpliced(dimension, 1, ...pair)),
    axis: isOuter ? dimension : dimension + 1,
  }
}
