import { InputError } from '#base'
import { divideComplex, edgeRoot, type SpectralLaw } from './law.ts'

/**
 * Wigner's semicircle: density 2/(πR²)·√(R² − (λ − c)²) on c ± R; variance R²/4.
 *
 * @param options.radius - R > 0.
 * @throws InputError if `radius` is not positive.
 * @see Wigner (1958); theory notes, A0
 */
export function semicircle(options: {
  readonly center: number
  readonly radius: number
}): SpectralLaw {
  const { center, radius } = options
  if (!(radius > 0)) throw new InputError('radius', `radius must be above 0, got ${radius}`)
  return {
    support: [center - radius, center + radius],
    atomAtZero: 0,
    density: (lambda) => {
      const square = radius * radius - (lambda - center) ** 2
      return square <= 0 ? 0 : (2 / (Math.PI * radius * radius)) * Math.sqrt(square)
    },
    // Central moments (R/2)²ʲ·Catalan(j), expanded about the center
    moment: (k) => {
      let sum = 0
      let binomial = 1
      let catalan = 1
      for (let i = 0; i <= k; i += 1) {
        if (i % 2 === 0) {
          const j = i / 2
          if (j > 0) catalan = (catalan * 2 * (2 * j - 1)) / (j + 1)
          sum += binomial * center ** (k - i) * (radius / 2) ** i * catalan
        }
        binomial = (binomial * (k - i)) / (i + 1)
      }
      return sum
    },
    cauchyTransform: (z) => {
      const root = edgeRoot(z, center - radius, center + radius)
      // 2/R²·(w − r) = 2/(w + r), w = z − c, without the cancellation far from the support.
      return divideComplex({ re: 2, im: 0 }, { re: z.re - center + root.re, im: z.im + root.im })
    },
  }
}
