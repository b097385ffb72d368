import { InputError } from '#base'
import { createLayout, type Layout } from '#tensor/dense'

/** Tensors of a layout that make up vectors of their own. */
export interface TensorSelection {
  /** Their places in the layout, ascending. */
  readonly places: readonly number[]
  /** They alone, one after another. */
  readonly layout: Layout
}

/**
 * Finds tensors by name or by the beginning of their names: `layers.0` stands for `layers.0.weight` and
 * `layers.0.bias`, not for `layers.01.weight`.
 *
 * @param names - Left out: all tensors.
 * @throws InputError listing the layout's names if a name fits none of them, or if none is given.
 */
export function selectTensors(layout: Layout, names?: readonly string[]): TensorSelection {
  const { entries } = layout
  if (names === undefined) return { places: entries.map((_, i) => i), layout }
  const fits = (entry: string, name: string): boolean =>
    entry === name || entry.startsWith(`${name}.`)
  const allowed = `names, or beginnings of names up to a dot, among ${entries.map(({ name }) => name).join(', ')}`
  if (names.length === 0) throw new InputError('tensors', `tensors must be one or more ${allowed}`)
  const unknown = names.find((name) => !entries.some((entry) => fits(entry.name, name)))
  if (unknown !== undefined) {
    throw new InputError('tensors', `tensors must be ${allowed}; got ${unknown}`)
  }
  const places = entries.flatMap((entry, i) =>
    names.some((name) => fits(entry.name, name)) ? [i] : [],
  )
  return { places, layout: createLayout(places.map((i) => entries[i]!)) }
}
