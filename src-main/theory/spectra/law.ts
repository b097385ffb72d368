/** A complex number. */
export interface Complex {
  readonly re: number
  readonly im: number
}

/** Two ends, the lower first. */
export type Interval = readonly [low: number, high: number]

/** A law of eigenvalues with a density on an interval, and perhaps an atom at 0. */
export interface SpectralLaw {
  /** Ends of the continuous part. */
  readonly support: Interval
  /** Mass at 0. */
  readonly atomAtZero: number
  /** Density of the continuous part at λ, unnormalized: it integrates to 1 − `atomAtZero`. */
  density(lambda: number): number
  /** E λᵏ of the whole law, k ≥ 0. */
  moment(k: number): number
  /** G(z) = E 1/(z − λ), for Im z > 0. */
  cauchyTransform(z: Complex): Complex
}

/** Principal square root. */
export function sqrtComplex({ re, im }: Complex): Complex {
  const modulus = Math.hypot(re, im)
  const real = Math.sqrt((modulus + re) / 2)
  const imaginary = Math.sqrt((modulus - re) / 2)
  return { re: real, im: im < 0 ? -imaginary : imaginary }
}

/** a·b. */
export const multiplyComplex = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
})

/** a/b; not finite for b = 0. */
export function divideComplex(a: Complex, b: Complex): Complex {
  const square = b.re * b.re + b.im * b.im
  return { re: (a.re * b.re + a.im * b.im) / square, im: (a.im * b.re - a.re * b.im) / square }
}

/**
 * √(z − a)·√(z − b) as a product of principal roots: the branch that behaves like z at infinity; the root
 * of the product has its cut elsewhere.
 */
export const edgeRoot = (z: Complex, a: number, b: number): Complex =>
  multiplyComplex(sqrtComplex({ re: z.re - a, im: z.im }), sqrtComplex({ re: z.re - b, im: z.im }))
