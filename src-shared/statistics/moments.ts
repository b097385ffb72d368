/** A mean with the standard error of it. */
export interface Estimate {
  readonly mean: number
  /** Sample deviation / √count; 0 for a single sample, which shows no spread. */
  readonly standardError: number
}

/**
 * Mean and standard error of independent samples, in two passes.
 *
 * @param samples - One or more.
 */
export function meanAndStandardError(samples: readonly number[]): Estimate {
  const count = samples.length
  const mean = samples.reduce((sum, x) => sum + x, 0) / count
  if (count < 2) return { mean, standardError: 0 }
  const squares = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  return { mean, standardError: Math.sqrt(squares / (count - 1) / count) }
}
