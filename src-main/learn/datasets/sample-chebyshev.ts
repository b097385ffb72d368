import { InputError } from '#base'
import { regressionSamples, type Samples } from './samples.ts'

/** A polynomial to learn. */
export interface ChebyshevOptions {
  readonly degree: number
  readonly samples: number
}

/** Tₖ(x) by Tₖ₊₁ = 2x·Tₖ − Tₖ₋₁. */
function evaluateChebyshev(degree: number, x: number): number {
  let [last, value] = [1, x]
  if (degree === 0) return 1
  for (let k = 1; k < degree; k += 1) [last, value] = [value, 2 * x * value - last]
  return value
}

/**
 * The Chebyshev polynomial of a degree at points evenly spaced on [−1, 1], both ends among them: the
 * task on which progressive sharpening was shown to grow with the degree (20 points, degrees 3 to 5).
 *
 * @throws InputError if `degree` is not an integer of at least 0, or `samples` not one of at least 2.
 *
 * @see Cohen, Kaur, Li, Kolter and Talwalkar, Gradient Descent on Neural Networks Typically Occurs at
 *   the Edge of Stability (ICLR 2021)
 */
export function sampleChebyshev({ degree, samples: count }: ChebyshevOptions): Samples {
  for (const [key, value, least] of [
    ['degree', degree, 0],
    ['samples', count, 2],
  ] as const) {
    if (!Number.isInteger(value) || value < least || value > 1e6) {
      throw new InputError(key, `${key} must be an integer in ${least}…1000000, got ${value}`)
    }
  }
  const features = new Float32Array(count)
  const targets = new Float32Array(count)
  for (let row = 0; row < count; row += 1) {
    const x = -1 + (2 * row) / (count - 1)
    features[row] = x
    targets[row] = evaluateChebyshev(degree, x)
  }
  return regressionSamples(features, targets, count)
}
