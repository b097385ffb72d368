import { z } from 'zod'

/** Median and quartiles of a sample. */
export const spreadSchema = z.strictObject({
  median: z.number(),
  lower: z.number(),
  upper: z.number(),
})
export type Spread = z.infer<typeof spreadSchema>

/**
 * Median and quartiles, linear between neighbours (type 7 of Hyndman and Fan).
 *
 * @param samples - One or more, in any order.
 */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const place = share * (sorted.length - 1)
    const below = sorted[Math.floor(place)]!
    const above = sorted[Math.ceil(place)]!
    return below + (place - Math.floor(place)) * (above - below)
  }
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) }
}

/** Spread of the ratios of pairs that were measured one after the other. */
export const ratioSpread = (ours: readonly number[], theirs: readonly number[]): Spread =>
  spreadOf(ours.map((value, i) => value / theirs[i]!))
