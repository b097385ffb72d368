import { createStream } from '#base'
import { eigenSymmetric } from '#geometry/spectral'
import { divergence, integrateLaw, marchenkoPastur, semicircle } from '#theory/spectra'
import type { KnownAnswerCheck } from './check.ts'

const half = marchenkoPastur({ ratio: 0.5, variance: 1 })

/** Checks of the spectral laws: values from the closed forms, computed elsewhere. */
export const theoryChecks: readonly KnownAnswerCheck[] = [
  {
    id: 'mp-density',
    title: 'Marchenko–Pastur density at four points',
    source: 'theory A-1',
    run: () => ({
      expected: [0.4210843993, 0.6164044441, 0.1591549431, 0.1500527194],
      got: [
        half.density(1),
        marchenkoPastur({ ratio: 0.25, variance: 1 }).density(1),
        marchenkoPastur({ ratio: 2, variance: 1 }).density(1),
        marchenkoPastur({ ratio: 0.5, variance: 2 }).density(3),
      ],
      tolerance: 1e-9,
      kind: 'relative',
    }),
  },
  {
    id: 'mp-moments',
    title: 'Marchenko–Pastur moments 1–4, by formula and by quadrature',
    source: 'theory A-2',
    run: () => ({
      expected: [1, 1.5, 2.75, 5.625, 1, 1.5, 2.75, 5.625],
      got: [
        ...[1, 2, 3, 4].map((k) => half.moment(k)),
        ...[1, 2, 3, 4].map((k) => integrateLaw(half, (x) => x ** k)),
      ],
      tolerance: 1e-9,
      kind: 'relative',
    }),
  },
  {
    id: 'mp-cauchy',
    title: 'Marchenko–Pastur Cauchy transform at 1 + 0.5i',
    source: 'theory A-2',
    run: () => {
      const { re, im } = half.cauchyTransform({ re: 1, im: 0.5 })
      return {
        expected: [0.1703243955, -1.0102153218],
        got: [re, im],
        tolerance: 1e-9,
        kind: 'relative',
      }
    },
  },
  {
    id: 'mp-edges',
    title: 'Marchenko–Pastur edges (1 ± √γ)² and moments 1, 1 + γ, 1 + 3γ + γ²',
    source: 'peers 4.11',
    run: () => {
      const ratio = 0.3
      const law = marchenkoPastur({ ratio, variance: 1 })
      return {
        expected: [
          (1 - Math.sqrt(ratio)) ** 2,
          (1 + Math.sqrt(ratio)) ** 2,
          1,
          1 + ratio,
          1 + 3 * ratio + ratio ** 2,
        ],
        got: [...law.support, ...[1, 2, 3].map((k) => integrateLaw(law, (x) => x ** k))],
        tolerance: 1e-9,
        kind: 'relative',
      }
    },
  },
  {
    id: 'semicircle-moments',
    title: 'semicircle moments 2, 4, 6, 8 are Catalan numbers, by formula and by quadrature',
    source: 'theory A-3, peers 4.11',
    run: () => {
      const law = semicircle({ center: 0, radius: 2 })
      return {
        expected: [1, 2, 5, 14, 1, 2, 5, 14],
        got: [
          ...[2, 4, 6, 8].map((k) => law.moment(k)),
          ...[2, 4, 6, 8].map((k) => integrateLaw(law, (x) => x ** k)),
        ],
        tolerance: 1e-9,
        kind: 'relative',
      }
    },
  },
  {
    id: 'semicircle-divergence',
    title: 'KL divergence of semicircles of radius 1 from radius 2 and 1.5',
    source: 'theory A-3',
    run: () => {
      const of = (radius: number) => semicircle({ center: 0, radius })
      return {
        expected: [0.5334380793, 0.2755575492],
        got: [divergence(of(1), of(2)), divergence(of(1), of(1.5))],
        tolerance: 1e-8,
        kind: 'relative',
      }
    },
  },
  {
    id: 'mp-sample',
    title:
      'spectrum of a 500×1000 Gaussian sample covariance against the law (largest CDF distance)',
    source: 'peers 4.11',
    run: () => {
      const [p, n] = [500, 1000]
      const stream = createStream(11, 'mp-sample')
      const x = Array.from({ length: p }, () =>
        Float64Array.from({ length: n }, () => stream.nextNormal()),
      )
      const gram = x.map(() => new Float64Array(p))
      for (let i = 0; i < p; i += 1) {
        for (let j = 0; j <= i; j += 1) {
          let sum = 0
          for (let k = 0; k < n; k += 1) sum += x[i]![k]! * x[j]![k]!
          gram[i]![j] = sum / n
          gram[j]![i] = sum / n
        }
      }
      const { values } = eigenSymmetric(gram)
      let distance = 0
      values.forEach((value, i) => {
        const cumulative = integrateLaw(half, (lambda) => (lambda <= value ? 1 : 0), 4000)
        distance = Math.max(
          distance,
          Math.abs(cumulative - i / p),
          Math.abs(cumulative - (i + 1) / p),
        )
      })
      // One step is 1/500; the fluctuation of a rigid spectrum is of order log p / p.
      return { expected: [0], got: [distance], tolerance: 0.02, kind: 'absolute' }
    },
  },
]
