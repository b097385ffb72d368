import { InputError, type RandomStream } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'
import { fillRandom } from './fill-random.ts'

/** Length of the noise in a starting vector of length 1 beside the hint: what the hint misses is still found. */
const noiseShare = 0.003

/**
 * Starting vectors from a hint: random combinations of its vectors, and a little noise.
 *
 * Cost: one pass over the hint. Deterministic for a given stream.
 *
 * @param hint - `[count, n]`.
 * @returns `[rows, n]`, each of length about 1 (or `noiseShare`, where the hint is zero).
 * @throws InputError if the hint does not hold finite vectors of n numbers.
 */
export async function drawStarts(
  space: VectorSpace,
  hint: { readonly vectors: Vector; readonly count: number },
  rows: number,
  stream: RandomStream,
): Promise<Vector> {
  const { size } = space
  const { vectors, count } = hint
  if (vectors.length !== count * size || count < 1) {
    throw new InputError(
      'start',
      `start must hold 1 or more vectors of ${size} numbers, got ${vectors.length} numbers for ${count}`,
    )
  }
  const starts = space.allocate(rows)
  const combinations = Float64Array.from({ length: rows * count }, () => stream.nextNormal())
  await space.setCombination(starts, rows, combinations, vectors, count)
  const noise = space.allocate(1)
  const scaled = space.allocate(1)
  for (let row = 0; row < rows; row += 1) {
    const start = starts.subarray(row * size, (row + 1) * size)
    const length = await space.norm(start)
    if (!Number.isFinite(length)) throw new InputError('start', 'start must be finite')
    fillRandom(noise, stream)
    const noiseLength = await space.norm(noise)
    const hintFactor = Float64Array.of(length === 0 ? 0 : 1 / length)
    await space.setCombination(scaled, 1, hintFactor, start, 1)
    await space.addCombination(scaled, 1, Float64Array.of(noiseShare / noiseLength), noise, 1)
    start.set(scaled)
  }
  return starts
}
