import { InputError } from '#base'
import { divideComplex, edgeRoot, type SpectralLaw } from './law.ts'

const binomial = (n: number, k: number): number => {
  let value = 1
  for (let i = 1; i <= k; i += 1) value = (value * (n - k + i)) / i
  return value
}

/**
 * The Marchenko–Pastur law: the limit spectrum of XXᵀ/n for X `[p, n]` with independent entries.
 *
 * Density √((λ₊ − λ)(λ − λ₋)) / (2πσ²γλ) between λ± = σ²(1 ± √γ)², and an atom (1 − 1/γ)₊ at 0.
 *
 * @param options.ratio - γ = p/n > 0.
 * @param options.variance - σ² > 0 of the entries.
 * @throws InputError if either is not positive.
 * @see Marchenko and Pastur (1967); theory notes, A0
 */
export function marchenkoPastur(options: {
  readonly ratio: number
  readonly variance: number
}): SpectralLaw {
  const { ratio, variance } = options
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0)) throw new InputError(name, `${name} must be above 0, got ${value}`)
  }
  const low = variance * (1 - Math.sqrt(ratio)) ** 2
  const high = variance * (1 + Math.sqrt(ratio)) ** 2
  return {
    support: [low, high],
    atomAtZero: Math.max(0, 1 - 1 / ratio),
    density: (lambda) =>
      lambda <= low || lambda >= high
        ? 0
        : Math.sqrt((high - lambda) * (lambda - low)) / (2 * Math.PI * ratio * variance * lambda),
    // σ²ᵏ Σᵣ γʳ/(r + 1)·C(k, r)·C(k − 1, r), a Narayana polynomial
    moment: (k) => {
      if (k === 0) return 1
      let sum = 0
      for (let r = 0; r < k; r += 1) {
        sum += (ratio ** r / (r + 1)) * binomial(k, r) * binomial(k - 1, r)
      }
      return variance ** k * sum
    },
    cauchyTransform: (z) => {
      // (b − r)/(2γσ²z) = 2/(b + r): the first cancels far from the support, the second near the atom.
      const root = edgeRoot(z, low, high)
      const b = { re: z.re - variance * (1 - ratio), im: z.im }
      const difference = { re: b.re - root.re, im: b.im - root.im }
      const sum = { re: b.re + root.re, im: b.im + root.im }
      if (Math.hypot(sum.re, sum.im) >= Math.hypot(difference.re, difference.im)) {
        return divideComplex({ re: 2, im: 0 }, sum)
      }
      const factor = 2 * ratio * variance
      return divideComplex(difference, { re: factor * z.re, im: factor * z.im })
    },
  }
}
