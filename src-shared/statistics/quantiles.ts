/** Coefficients of the rational approximations of {@link normalQuantile}, highest power first. */
const center = {
  numerator: [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2,
    -3.066479806614716e1, 2.506628277459239,
  ],
  denominator: [
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
    -1.328068155288572e1, 1,
  ],
}
const tail = {
  numerator: [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734,
    4.374664141464968, 2.938163982698783,
  ],
  denominator: [
    7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1,
  ],
}
const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, c) => sum * x + c, 0)

/**
 * Quantile of the standard normal law, with a relative error below 1.2·10⁻⁹.
 *
 * @param p - In (0, 1).
 * @see Acklam, An algorithm for computing the inverse normal cumulative distribution function (2000)
 */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p)
  if (p >= 0.02425) {
    const q = p - 0.5
    const r = q * q
    return (q * polynomial(center.numerator, r)) / polynomial(center.denominator, r)
  }
  const q = Math.sqrt(-2 * Math.log(p))
  return polynomial(tail.numerator, q) / polynomial(tail.denominator, q)
}

/** Factor of standard errors of a two-sided interval at a level under the normal law: 1.96 at 0.95. */
export const normalFactor = (level: number): number => normalQuantile((1 + level) / 2)

/**
 * Probability that |T| ≤ t for Student's law, by its finite series in integer degrees of freedom.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4
 */
function studentMass(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)]
  const isOdd = degrees % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = degrees === 1 ? 0 : term
  for (let k = isOdd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine
    sum += term
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum
}

/**
 * Factor of standard errors of a two-sided interval at a level under Student's law: 12.71 at 0.95 with one degree of
 * freedom; the normal one above 300.
 *
 * @param level - In (0, 1).
 * @param degrees - Degrees of freedom, 1 or more.
 */
export function studentFactor(level: number, degrees: number): number {
  if (degrees > 300) return normalFactor(level)
  let [low, high] = [0, 1]
  while (studentMass(high, degrees) < level) high *= 2
  for (let halving = 0; halving < 60; halving += 1) {
    const middle = (low + high) / 2
    if (studentMass(middle, degrees) < level) low = middle
    else high = middle
  }
  return (low + high) / 2
}
