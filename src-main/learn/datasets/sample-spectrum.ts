/** Standard deviations √λₖ with λₖ ∝ k^−α, k = 1…m, and mean variance 1; all 1 for α = 0. */
export function powerLawDeviations(count: number, exponent: number): Float64Array {
  const variances = Float64Array.from({ length: count }, (_, k) => (k + 1) ** -exponent)
  const mean = variances.reduce((sum, variance) => sum + variance, 0) / count
  return variances.map((variance) => Math.sqrt(variance / mean))
}
