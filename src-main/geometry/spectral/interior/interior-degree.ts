import { deltaFilter, peakInterval } from './chebyshev-filter.ts'
import type { SpectralInterval } from '../chebyshev/chebyshev-recurrence.ts'
import { kernelPolynomialMass } from '../chebyshev/kernel-polynomial.ts'

/** Smallest degree of a filter. */
export const leastDegree = 4

/** A finer filter that lets this share of a coarser one's eigenvalues through has met a cluster. */
export const clusterShare = 0.8

/** A degree, and how many eigenvalues a filter of that degree is expected to let through. */
export interface DegreeEstimate {
  readonly degree: number
  readonly passed: number
}

/**
 * The degree of a filter whose peak holds about `goal` eigenvalues, from Chebyshev moments of the density.
 *
 * Where the moments cannot resolve so few, it is that of an even density, four times their number at most; or the least that
 * separates what they cannot resolve, if finer peaks hold as much: a cluster, for which a finer filter would only cost more.
 *
 * @param moments - Mean over random probes.
 */
export function degreeFromDensity(
  moments: readonly number[],
  interval: SpectralInterval,
  options: { readonly target: number; readonly size: number; readonly goal: number },
): DegreeEstimate {
  const { angle } = deltaFilter(interval, options.target, leastDegree)
  const countAt = (degree: number): number => {
    const { low, high } = peakInterval(interval, angle, degree)
    const mass = (lambda: number): number => kernelPolynomialMass(moments, interval, lambda)
    return options.size * (mass(high) - mass(low))
  }
  // Half of the moments: a narrower window would cut off the tails of a cluster, which are the damping's.
  const finest = Math.max(leastDegree, Math.floor((moments.length - 1) / 2))
  const firstBelow = (limit: number): number => {
    let degree = leastDegree
    while (degree < finest && countAt(degree) > limit) degree += 1
    return degree
  }
  const degree = firstBelow(options.goal)
  if (degree < finest) return { degree, passed: countAt(degree) }
  const passed = countAt(finest)
  const coarse = firstBelow(passed / clusterShare)
  return {
    degree: 2 * coarse <= finest ? coarse : finerDegree(finest, passed, options.goal),
    passed,
  }
}

/** The degree that lets `goal` and not `passed` eigenvalues of an even density through, four times the present one at most. */
export const finerDegree = (degree: number, passed: number, goal: number): number =>
  Math.ceil(degree * Math.min(4, Math.max(1, passed / goal)))
