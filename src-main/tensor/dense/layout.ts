import { ShapeError } from '#base'
import { sizeOf } from './types.ts'

/** One tensor inside a flat buffer. */
export interface LayoutEntry {
  readonly name: string
  readonly shape: readonly number[]
  /** First entry in the flat buffer. */
  readonly offset: number
  readonly size: number
}

/** Named tensors one after another in a flat buffer, so that a network's parameters are one vector. */
export interface Layout {
  readonly entries: readonly LayoutEntry[]
  readonly size: number
}

/** Places tensors one after another in the order given. */
export function createLayout(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
): Layout {
  let offset = 0
  const entries = tensors.map(({ name, shape }) => {
    const entry = { name, shape, offset, size: sizeOf(shape) }
    offset += entry.size
    return entry
  })
  return { entries, size: offset }
}

/**
 * The tensors of a flat buffer as views; nothing is copied.
 *
 * @throws ShapeError if the buffer has not exactly the layout's size.
 */
export function layoutViews<Flat extends Float32Array | Float64Array>(
  layout: Layout,
  flat: Flat,
): Flat[] {
  if (flat.length !== layout.size) {
    throw new ShapeError('parameters', `[${layout.size}]`, [flat.length])
  }
  // A view has the type of what it is a view of; the union of both hides it.
  return layout.entries.map(({ offset, size }) => flat.subarray(offset, offset + size) as Flat)
}
