import { FormatError, ShapeError } from '#base'
import type { LayoutEntry } from '#tensor/dense'
import type { Model } from './model.ts'

/** An array of a file of weights, as much as is needed of it. */
export interface WeightArray {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

/** An array to write: `int64` in a Float64Array of integers. */
export type WrittenArray =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'int64'; readonly shape: readonly number[]; readonly data: Float64Array }

/** What a network holds, flat in the order of its layouts. */
export interface Weights {
  readonly parameters: Float32Array
  readonly buffers: Float32Array
}

const formatEntry = ({ name, shape }: Pick<LayoutEntry, 'name' | 'shape'>): string =>
  `${name} [${shape.join(', ')}]`

const counter = 'num_batches_tracked'

/** What stands in a file besides the network: an optimizer's state, and PyTorch's count of batches. */
const isIgnored = (name: string): boolean =>
  name.startsWith('optimizer.') || name === counter || name.endsWith(`.${counter}`)

/** Whether two arrays hold the same numbers. */
function areEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return a.length === b.length
}

/**
 * A network's parameters and running statistics from the arrays of a file, by the names of its PyTorch twin's
 * `state_dict`.
 *
 * `optimizer.*` and `num_batches_tracked` are ignored. A tied tensor may stand under either of its names, or under
 * both with equal numbers.
 *
 * @param source - Path of the file, for messages.
 * @throws FormatError if a tensor is missing, does not belong to the network, holds NaN or ±∞, or is tied to one with
 *   other numbers; ShapeError if it has another shape.
 */
export function readWeights(
  arrays: ReadonlyMap<string, WeightArray>,
  model: Model,
  source: string,
): Weights {
  const { layout, buffers, aliases } = model
  const namesOf = (name: string): string[] => [
    name,
    ...aliases.filter(({ of }) => of === name).map((alias) => alias.name),
  ]
  const read = (entry: LayoutEntry, flat: Float32Array): void => {
    const found = namesOf(entry.name).flatMap((name) => {
      const array = arrays.get(name)
      return array === undefined ? [] : [{ name, array }]
    })
    if (found.length === 0) {
      throw new FormatError(
        source,
        `tensor ${formatEntry(entry)} is missing; the file holds ${[...arrays.keys()].join(', ')}`,
      )
    }
    found.forEach(({ name, array: { shape, data } }) => {
      if (shape.join() !== entry.shape.join()) {
        throw new ShapeError(`tensor ${name} in ${source}`, `[${entry.shape.join(', ')}]`, shape)
      }
      if (!areEqual(data, found[0]!.array.data)) {
        throw new FormatError(source, `tensor ${name} is tied to ${found[0]!.name}, but differs`)
      }
    })
    const { name, array } = found[0]!
    const target = flat.subarray(entry.offset, entry.offset + entry.size)
    target.set(array.data)
    const bad = target.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      throw new FormatError(source, `tensor ${name} holds ${array.data[bad]!} at entry ${bad}`)
    }
  }
  const weights = {
    parameters: new Float32Array(layout.size),
    buffers: new Float32Array(buffers.size),
  }
  layout.entries.forEach((entry) => read(entry, weights.parameters))
  buffers.entries.forEach((entry) => read(entry, weights.buffers))

  const known = new Set(
    [...layout.entries, ...buffers.entries].flatMap(({ name }) => namesOf(name)),
  )
  const extra = [...arrays.keys()].find((name) => !known.has(name) && !isIgnored(name))
  if (extra !== undefined) {
    throw new FormatError(
      source,
      `tensor ${extra} does not belong to this network; expected are ${[...known].join(', ')}`,
    )
  }
  return weights
}

/**
 * The arrays that a PyTorch twin takes by `load_state_dict(…, strict=True)`: parameters and running statistics, tied
 * tensors under both names, and `num_batches_tracked` as 0 (it is not kept, and momentum 0.1 does not use it).
 *
 * @param weights - Views of these are returned, not copies.
 * @throws ShapeError if either has not the size of its layout.
 */
export function writeWeights(model: Model, weights: Weights): Map<string, WrittenArray> {
  const { layout, buffers, aliases } = model
  const arrays = new Map<string, WrittenArray>()
  for (const [kind, entries, size] of [
    ['parameters', layout.entries, layout.size],
    ['buffers', buffers.entries, buffers.size],
  ] as const) {
    const flat = weights[kind]
    if (flat.length !== size) throw new ShapeError(kind, `[${size}]`, [flat.length])
    for (const entry of entries) {
      const data = flat.subarray(entry.offset, entry.offset + entry.size)
      arrays.set(entry.name, { dtype: 'float32', shape: entry.shape, data })
    }
  }
  for (const { name, of } of aliases) arrays.set(name, arrays.get(of)!)
  for (const { name } of buffers.entries) {
    if (!name.endsWith('running_var')) continue
    const data = new Float64Array(1)
    arrays.set(name.replace(/running_var$/, counter), { dtype: 'int64', shape: [], data })
  }
  return arrays
}
