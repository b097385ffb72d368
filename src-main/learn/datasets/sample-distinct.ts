import type { RandomStream } from '#base'

/**
 * Draws without replacement from 0…limit − 1, in memory of the order of what is drawn: the head of a
 * Fisher–Yates shuffle that notes only the places it has touched.
 */
export function drawDistinct(limit: number, count: number, stream: RandomStream): Uint32Array {
  const moved = new Map<number, number>()
  const drawn = new Uint32Array(count)
  for (let i = 0; i < count; i += 1) {
    const j = i + stream.nextInteger(limit - i)
    drawn[i] = moved.get(j) ?? j
    moved.set(j, moved.get(i) ?? i)
    moved.delete(i)
  }
  return drawn
}

/** Rows 0…count − 1, or a seeded choice of `most` of them, in order. */
export function chooseRows(count: number, most: number, stream: RandomStream): Uint32Array {
  if (count <= most) return Uint32Array.from({ length: count }, (_, row) => row)
  return drawDistinct(count, most, stream).sort()
}
