import { ShapeError } from '#base'
import type { Vector } from '#geometry/operators'
import type { Layout } from '#tensor/dense'

/** A direction and what its filters are compared with. */
export interface FilterOptions {
  /** `[n]`, left alone. */
  readonly direction: Vector
  /** θ `[n]`. */
  readonly parameters: Vector
  /** A kernel's filters are its rows: one for each index of the first extent, as PyTorch has them. */
  readonly layout: Layout
  /**
   * What becomes of tensors with fewer than two extents (biases, scales and shifts of normalizations): 0, so that they stay
   * what they are along the direction; or each tensor counts as one filter.
   * @default 'zero'
   */
  readonly vectors?: 'zero' | 'one-filter' | undefined
}

function normOf(values: Vector): number {
  let largest = 0
  for (const x of values) largest = Math.max(largest, Math.abs(x))
  if (largest === 0 || !Number.isFinite(largest)) return largest
  let sum = 0
  for (const x of values) sum += (x / largest) ** 2
  return largest * Math.sqrt(sum)
}

/**
 * A direction each of whose filters has the norm of the same filter of the network: d ← d·‖w‖/‖d‖, filter by filter.
 *
 * Rescaling layers against each other, which does not change a network of rectifiers, then changes the picture along
 * the direction no more. Normalizing again changes nothing. No ε is added to a norm: a filter of zeros stays one.
 *
 * Cost: a pass over n on the host, once a direction. Deterministic.
 *
 * @returns A fresh vector of the direction's number type.
 * @throws ShapeError if a vector does not fit the layout.
 * @see Li, Xu, Taylor, Studer and Goldstein, Visualizing the loss landscape of neural nets (2018), section 4
 */
export function normalizeFilters(options: FilterOptions): Vector {
  const { direction, parameters, layout, vectors = 'zero' } = options
  for (const [name, { length }] of Object.entries({ direction, parameters })) {
    if (length !== layout.size) throw new ShapeError(name, `[${layout.size}]`, [length])
  }
  const normalized = direction.slice()
  for (const { shape, offset, size } of layout.entries) {
    const isVector = shape.length < 2
    if (isVector && vectors === 'zero') {
      normalized.fill(0, offset, offset + size)
      continue
    }
    const width = isVector ? size : size / shape[0]!
    for (let from = offset; from < offset + size; from += width) {
      const filter = normalized.subarray(from, from + width)
      const norm = normOf(filter)
      if (norm === 0) continue
      const target = normOf(parameters.subarray(from, from + width))
      // Not filter·(target/norm): a quotient of very different norms could leave the range.
      for (let i = 0; i < width; i += 1) filter[i] = (filter[i]! / norm) * target
    }
  }
  return normalized
}
