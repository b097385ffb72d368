import { invariant } from '#base'

/** Coefficients of a polynomial, lowest power first. */
type Polynomial = readonly number[]

const evaluate = (polynomial: Polynomial, x: number): number =>
  polynomial.reduceRight((value, coefficient) => value * x + coefficient, 0)
const derivative = (polynomial: Polynomial): number[] =>
  polynomial.slice(1).map((coefficient, i) => coefficient * (i + 1))
const product = (a: Polynomial, b: Polynomial): number[] => {
  const result = new Array<number>(a.length + b.length - 1).fill(0)
  a.forEach((x, i) => {
    b.forEach((y, j) => (result[i + j]! += x * y))
  })
  return result
}

/** P₀ = t; Pₙ₊₁ = Pₙ′·rate, for a function with f′ = rate(f). */
function iterateRate(rate: Polynomial, order: number): number[] {
  let polynomial: number[] = [0, 1]
  for (let i = 0; i < order; i += 1) polynomial = product(derivative(polynomial), rate)
  return polynomial
}

/** tanh⁽ⁿ⁾ as a polynomial in t = tanh: tanh′ = 1 − t². */
export const tanhPolynomial = (order: number): number[] => iterateRate([1, 0, -1], order)
/** σ⁽ⁿ⁾ as a polynomial in s = σ: σ′ = s − s². */
export const logisticPolynomial = (order: number): number[] => iterateRate([0, 1, -1], order)

/**
 * GELU⁽ⁿ⁾(x) = φ(x)·Q(x) for n ≥ 2, with φ the normal density: Q₂ = 2 − x², Qₙ₊₁ = Qₙ′ − x·Qₙ.
 */
export function geluPolynomial(order: number): number[] {
  invariant(order >= 2, 'geluPolynomial wants order 2 or more')
  let polynomial: number[] = [2, 0, -1]
  for (let i = 2; i < order; i += 1) {
    const lowered = derivative(polynomial)
    polynomial = [0, ...polynomial].map((coefficient, j) => (lowered[j] ?? 0) - coefficient)
  }
  return polynomial
}

/** Density of the standard normal law. */
const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)

/**
 * erf to full float64 precision: Taylor series below 2.5, continued fraction of erfc above.
 *
 * @see Abramowitz and Stegun 7.1.6 and 7.1.14
 */
export function erf(x: number): number {
  const size = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (size > 6) return Math.sign(x)
  if (size < 2.5) {
    // erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)): all terms of one sign
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
  }
  let fraction = 0
  for (let n = 60; n >= 1; n -= 1) fraction = (0.5 * n) / (size + fraction)
  const complement = Math.exp(-x * x) / (Math.sqrt(Math.PI) * (size + fraction))
  return Math.sign(x) * (1 - complement)
}

/**
 * e^(x²)·erfc(x) for x ≥ 0: by erf where nothing cancels, else by the continued fraction, which needs most terms at ½.
 *
 * @see Abramowitz and Stegun 7.1.14
 */
export function scaledComplement(x: number): number {
  if (x < 0.5) return Math.exp(x * x) * (1 - erf(x))
  let fraction = 0
  for (let n = 1000; n >= 1; n -= 1) fraction = (0.5 * n) / (x + fraction)
  return 1 / (Math.sqrt(Math.PI) * (x + fraction))
}

const logistic = (x: number): number =>
  x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))

/** The n-th derivative of each nonlinearity at a point, in float64. */
export const nonlinearities = {
  tanh: (x: number, order: number): number => evaluate(tanhPolynomial(order), Math.tanh(x)),
  logistic: (x: number, order: number): number => evaluate(logisticPolynomial(order), logistic(x)),
  softplus: (x: number, order: number): number =>
    order === 0
      ? Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
      : evaluate(logisticPolynomial(order - 1), logistic(x)),
  gelu: (x: number, order: number): number => {
    const cumulative = 0.5 * (1 + erf(x / Math.SQRT2))
    if (order === 0) return x * cumulative
    if (order === 1) return cumulative + x * normalDensity(x)
    return normalDensity(x) * evaluate(geluPolynomial(order), x)
  },
  relu: (x: number, order: number): number => {
    if (order === 0) return Math.max(x, 0)
    return order === 1 && x > 0 ? 1 : 0
  },
} as const
