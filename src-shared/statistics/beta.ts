/** Coefficients of Stirling's series of ln Γ: B₂ₖ/(2k(2k − 1)). */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156]

/** Argument from which seven terms of the series are right to rounding. */
const seriesFrom = 12

/** ln Γ(x) − [(x − ½)·ln x − x + ½·ln 2π] for x of 12 or more. */
function stirlingRest(x: number): number {
  const inverse = 1 / (x * x)
  return stirling.reduceRight((sum, c) => sum * inverse + c, 0) / x
}

/**
 * ln Γ(x) for x > 0, with an error of a few units of rounding of the result or of 1, whichever is larger.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 6.1.41
 */
export function logGamma(x: number): number {
  if (x < seriesFrom) {
    let product = 1
    let shifted = x
    for (; shifted < seriesFrom; shifted += 1) product *= shifted
    return logGamma(shifted) - Math.log(product)
  }
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + stirlingRest(x)
}

/** ln B(a, b) with no cancellation where b is far larger than a. */
function logBeta(a: number, b: number): number {
  if (a > b) return logBeta(b, a)
  if (b < seriesFrom) return logGamma(a) + logGamma(b) - logGamma(a + b)
  return (
    logGamma(a) -
    (b - 0.5) * Math.log1p(a / b) -
    a * Math.log(a + b) +
    a +
    stirlingRest(b) -
    stirlingRest(a + b)
  )
}

/** The continued fraction of Iₓ(a, b) by Lentz's method; converges fast for x < (a + 1)/(a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 100_000; m += 1) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / guard(1 + term * d)
      c = guard(1 + term / c)
      result *= d * c
    }
    if (Math.abs(d * c - 1) < 1e-16 * 4) return result
  }
  throw new Error(`internal: the fraction of the beta law at x = ${x}, ${a}, ${b} did not converge`)
}

/** Mass of the beta law below x, with y = 1 − x given, and whether the fraction is the mass above instead. */
function betaPart(x: number, a: number, b: number): { mass: number; isUpper: boolean } {
  const front = (power: number): number =>
    Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / power
  return x < (a + 1) / (a + b + 2)
    ? { mass: front(a) * betaFraction(x, a, b), isUpper: false }
    : { mass: front(b) * betaFraction(1 - x, b, a), isUpper: true }
}

function requireLaw(a: number, b: number): void {
  if (!(a > 0 && b > 0)) throw new RangeError(`a and b must be positive, got ${a} and ${b}`)
}

/**
 * Distribution function of the beta law, the regularized incomplete beta function Iₓ(a, b).
 *
 * Relative error about 10⁻¹³ for parameters up to 10³, 10⁻⁹ up to 10⁸.
 *
 * @param x - 0 below 0, 1 above 1.
 * @param a - Positive.
 * @param b - Positive.
 * @throws RangeError if a or b is not positive.
 * @see Press et al., Numerical Recipes (2007), 6.4
 */
export function betaMass(x: number, a: number, b: number): number {
  requireLaw(a, b)
  if (!(x > 0)) return Number.isNaN(x) ? NaN : 0
  if (x >= 1) return 1
  const { mass, isUpper } = betaPart(x, a, b)
  return isUpper ? 1 - mass : mass
}

/**
 * Probability that a beta law exceeds x: 1 − Iₓ(a, b) without cancellation, so that small ones keep their digits.
 *
 * @throws RangeError if a or b is not positive.
 */
export function betaTail(x: number, a: number, b: number): number {
  requireLaw(a, b)
  if (!(x > 0)) return Number.isNaN(x) ? NaN : 1
  if (x >= 1) return 0
  const { mass, isUpper } = betaPart(x, a, b)
  return isUpper ? mass : 1 - mass
}

/**
 * Quantile of the beta law: the x with Iₓ(a, b) = p, by bisection in ln x.
 *
 * @param p - In (0, 1).
 * @throws RangeError if a or b is not positive or p is outside.
 */
export function betaQuantile(p: number, a: number, b: number): number {
  requireLaw(a, b)
  if (!(p > 0 && p < 1)) throw new RangeError(`p must be in (0, 1), got ${p}`)
  let [low, high] = [-745, 0]
  for (let halving = 0; halving < 64; halving += 1) {
    const middle = (low + high) / 2
    if (betaMass(Math.exp(middle), a, b) < p) low = middle
    else high = middle
  }
  return Math.exp((low + high) / 2)
}
