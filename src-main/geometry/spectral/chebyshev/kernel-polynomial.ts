import {
  centerOf,
  chebyshevValues,
  halfWidthOf,
  type SpectralInterval,
} from './chebyshev-recurrence.ts'

/**
 * Jackson's damping factors g₀ = 1, …, g_degree: with them a truncated Chebyshev series of a positive law is positive, and
 * a point at angle θ becomes a peak of deviation π/(degree + 2) in θ.
 *
 * @see Weiße, Wellein, Alvermann and Fehske, The kernel polynomial method (2006), equation 71
 */
export function jacksonFactors(degree: number): Float64Array {
  const size = degree + 2
  const angle = Math.PI / size
  return Float64Array.from(
    { length: degree + 1 },
    (_, k) => ((size - k) * Math.cos(k * angle) + Math.sin(k * angle) / Math.tan(angle)) / size,
  )
}

/**
 * The Jackson-damped density of a law with given Chebyshev moments, ρ(λ) = [g₀μ₀ + 2Σ gₖμₖTₖ(x)]/(π√(1 − x²)·h), per
 * unit of λ = c + h·x.
 *
 * It is positive, its mass is μ₀, and its Chebyshev moments are gₖμₖ. At the interval's ends it has an integrable singularity;
 * outside of the interval it is 0.
 *
 * Cost: O(points·degree).
 *
 * @param moments - μ₀, …, μ_degree, e.g. the mean over probes.
 * @param grid - Values λ.
 */
export function kernelPolynomialDensity(
  moments: readonly number[],
  interval: SpectralInterval,
  grid: readonly number[],
): number[] {
  const degree = moments.length - 1
  const factors = jacksonFactors(degree)
  const [center, halfWidth] = [centerOf(interval), halfWidthOf(interval)]
  return grid.map((lambda) => {
    const x = (lambda - center) / halfWidth
    if (Math.abs(x) >= 1) return 0
    const values = chebyshevValues(x, degree)
    let sum = moments[0]!
    for (let k = 1; k <= degree; k += 1) sum += 2 * factors[k]! * moments[k]! * values[k]!
    return sum / (Math.PI * Math.sqrt(1 - x * x) * halfWidth)
  })
}

/**
 * The share of the Jackson-damped law below λ, in closed form: [μ₀(π − θ) − 2Σ gₖμₖ sin(kθ)/k]/π with λ = c + h·cos θ.
 *
 * Cost: O(degree).
 */
export function kernelPolynomialMass(
  moments: readonly number[],
  interval: SpectralInterval,
  lambda: number,
): number {
  const degree = moments.length - 1
  const factors = jacksonFactors(degree)
  const x = (lambda - centerOf(interval)) / halfWidthOf(interval)
  const angle = Math.acos(Math.min(1, Math.max(-1, x)))
  let sum = moments[0]! * (Math.PI - angle)
  for (let k = 1; k <= degree; k += 1) {
    sum -= (2 * factors[k]! * moments[k]! * Math.sin(k * angle)) / k
  }
  return sum / Math.PI
}
