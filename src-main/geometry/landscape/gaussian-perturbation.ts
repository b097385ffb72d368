import { fillNormal, InputError, type RandomStream } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'

/**
 * θ + σ·z with z standard normal, a fresh vector.
 *
 * σ is the standard deviation of each entry and not its variance, which a widely copied code of PAC-Bayes
 * measures mixes up. Deterministic by the stream.
 *
 * @param options.parameters - θ `[n]`, left alone.
 * @param options.deviation - σ ≥ 0.
 * @throws InputError if `deviation` is negative or not finite.
 */
export async function gaussianPerturbation(options: {
  readonly space: VectorSpace
  readonly parameters: Vector
  readonly deviation: number
  readonly stream: RandomStream
}): Promise<Vector> {
  const { space, parameters, deviation, stream } = options
  if (!(deviation >= 0 && deviation < Infinity)) {
    throw new InputError('deviation', `deviation must be finite and not negative, got ${deviation}`)
  }
  const noise = space.allocate(1)
  fillNormal(noise, stream)
  const moved = space.allocate(1)
  moved.set(parameters)
  await space.addCombination(moved, 1, Float64Array.of(deviation), noise, 1)
  return moved
}
