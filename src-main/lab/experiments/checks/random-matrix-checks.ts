import { createStream } from '#base'
import { denseOperator } from '#geometry/operators'
import { extremeEigenpairs, symmetricEigenvalues } from '#geometry/spectral'
import {
  additiveSpike,
  addTransforms,
  gaussLegendre,
  integrateLaw,
  marchenkoPastur,
  marchenkoPasturTransform,
  meanSpacingRatio,
  multiplicativeSpike,
  semicircleTransform,
  spacingReferences,
  spacingScore,
  tracyWidomDistribution,
} from '#theory/spectra'
import type { KnownAnswerCheck } from './check.ts'

/** XXᵀ/n of normals `[p, n]`, row i times the root of `scales[i]`. */
function covarianceOf(p: number, n: number, seed: number, scales: readonly number[]): Float64Array {
  const stream = createStream(seed, 'check', 'covariance')
  const rows = Array.from({ length: p }, (_, i) => {
    const scale = Math.sqrt(scales[i] ?? 1)
    return Float64Array.from({ length: n }, () => scale * stream.nextNormal())
  })
  const matrix = new Float64Array(p * p)
  for (let i = 0; i < p; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = 0
      for (let k = 0; k < n; k += 1) sum += rows[i]![k]! * rows[j]![k]!
      matrix[i * p + j] = sum / n
      matrix[j * p + i] = sum / n
    }
  }
  return matrix
}

/** A GOE matrix `[n, n]`. */
function goeMatrix(n: number, seed: number): Float64Array {
  const stream = createStream(seed, 'check', 'goe')
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const value = stream.nextNormal() * (i === j ? Math.SQRT2 : 1)
      matrix[i * n + j] = value
      matrix[j * n + i] = value
    }
  }
  return matrix
}

/** The largest eigenvalues and the squared entries of their vectors at the places of the spikes. */
async function leading(matrix: Float64Array, count: number): Promise<number[][]> {
  const n = Math.sqrt(matrix.length)
  const { top, vectors } = await extremeEigenpairs(denseOperator(matrix), {
    top: count,
    bottom: 0,
    tolerance: 1e-8,
    maxProducts: 1000,
    stream: createStream(21, 'check', 'leading'),
  })
  return [top.map(({ value }) => value), top.map((_, i) => vectors[i * n + i]! ** 2)]
}

/** (mean − expected)/standard error, number by number, over samples of lists. */
function scores(samples: readonly (readonly number[])[], expected: readonly number[]): number[] {
  const count = samples.length
  return expected.map((value, i) => {
    const mean = samples.reduce((sum, sample) => sum + sample[i]! / count, 0)
    const square = samples.reduce((sum, sample) => sum + (sample[i]! - mean) ** 2, 0)
    return (mean - value) / Math.sqrt(square / (count - 1) / count)
  })
}

const repeats = 10
const repeat = Array.from({ length: repeats }, (_, i) => i)
/** Scores of ten samples follow Student's law with 9 degrees: beyond 5 with a probability of 0.001. */
const scoreTolerance = 5

/** Checks of what random-matrix theory predicts, by closed forms and against matrices drawn. */
export const randomMatrixChecks: readonly KnownAnswerCheck[] = [
  {
    id: 'mp-square',
    title:
      'Marchenko–Pastur at ratio 1, whose density is infinite at 0: mass and moments by quadrature',
    source: 'Narayana polynomials at 1: Catalan numbers',
    run: () => {
      const law = marchenkoPastur({ ratio: 1, variance: 1 })
      return {
        expected: [1, 1, 2, 5, 14],
        got: [0, 1, 2, 3, 4].map((k) => integrateLaw(law, (x) => x ** k, 2000)),
        tolerance: 1e-11,
        kind: 'relative',
      }
    },
  },
  {
    id: 'additive-spike',
    title: 'spikes of 3 and 5 on a Wishart plus a Wigner matrix: places and threshold',
    source: 'theory A-12',
    run: () => {
      const bulk = addTransforms(
        marchenkoPasturTransform({ ratio: 0.25, variance: 1 }),
        semicircleTransform({ center: 0, radius: 2 * Math.sqrt(0.2) }),
      )
      const [three, five] = [additiveSpike(bulk, 3), additiveSpike(bulk, 5)]
      return {
        expected: [4.1575757576, 6.0926315789, 0.84052524],
        got: [three.location, five.location, three.threshold],
        tolerance: 1e-9,
        kind: 'relative',
      }
    },
  },
  {
    id: 'papyan-outliers',
    title:
      'diag(5, 4, 3, 0, …) + ZZᵀ/N has outliers at 6.25, 5.333 and 4.5 with the overlaps predicted (standard errors of 10 matrices)',
    source: 'peers 4.12',
    run: async () => {
      const [n, spikes] = [200, [5, 4, 3]]
      const bulk = marchenkoPasturTransform({ ratio: 1, variance: 1 })
      const predicted = spikes.map((theta) => additiveSpike(bulk, theta))
      const samples = await Promise.all(
        repeat.map(async (seed) => {
          const matrix = covarianceOf(n, n, seed, [])
          spikes.forEach((theta, i) => (matrix[i * n + i]! += theta))
          return (await leading(matrix, spikes.length)).flat()
        }),
      )
      const got = scores(samples, [
        ...spikes.map((theta) => theta + theta / (theta - 1)),
        ...predicted.map(({ squaredOverlap }) => squaredOverlap),
      ])
      return { expected: got.map(() => 0), got, tolerance: scoreTolerance, kind: 'absolute' }
    },
  },
  {
    id: 'covariance-spike',
    title:
      'a spike of a covariance lies at ℓ(1 + γ/(ℓ − 1)) with the overlap predicted (standard errors of 10 matrices)',
    source: 'peers 4.13',
    run: async () => {
      const [p, n, strength] = [100, 400, 4]
      const { location, squaredOverlap } = multiplicativeSpike({
        ratio: p / n,
        variance: 1,
        strength,
      })
      const samples = await Promise.all(
        repeat.map(async (seed) =>
          (await leading(covarianceOf(p, n, 50 + seed, [strength]), 1)).flat(),
        ),
      )
      const got = scores(samples, [location, squaredOverlap])
      return { expected: [0, 0], got, tolerance: scoreTolerance, kind: 'absolute' }
    },
  },
  {
    id: 'spike-threshold',
    title: 'a spike shows above 1 + √γ, which is not the edge (1 + √γ)²',
    source: 'peers T15',
    run: () => {
      const ratio = 0.25
      const isOutlier = (share: number): number =>
        Number(multiplicativeSpike({ ratio, variance: 1, strength: share * 1.5 }).isOutlier)
      return { expected: [1, 0], got: [1.2, 0.8].map(isOutlier), tolerance: 0, kind: 'absolute' }
    },
  },
  {
    id: 'tracy-widom',
    title: 'mean and variance of the Tracy–Widom law (β = 1) from its distribution function',
    source: 'theory A2, peers 4.14',
    run: () => {
      const [low, high] = [-10, 14]
      const { nodes, weights } = gaussLegendre(48, low, high)
      let [mean, square] = [high, high * high]
      nodes.forEach((s, i) => {
        const share = weights[i]! * tracyWidomDistribution(s)
        mean -= share
        square -= 2 * s * share
      })
      return {
        expected: [-1.206533574582, 1.607781034581],
        got: [mean, square - mean * mean],
        tolerance: 1e-9,
        kind: 'relative',
      }
    },
  },
  {
    id: 'spacing-ratio',
    title:
      'mean ratio of gaps: 0.5307 of GOE matrices, 2·ln 2 − 1 of independent values (standard errors)',
    source: 'theory A9, peers 4.14',
    run: async () => {
      const ratios = await Promise.all(
        repeat.map(async (seed) => {
          const values = await symmetricEigenvalues(goeMatrix(160, seed), 160)
          return meanSpacingRatio(values.subarray(40, 120))
        }),
      )
      const goe = {
        mean: ratios.reduce((sum, { mean }) => sum + mean / repeats, 0),
        count: ratios.reduce((sum, { count }) => sum + count, 0),
      }
      const stream = createStream(22, 'check', 'poisson')
      const independent = meanSpacingRatio(Array.from({ length: 2000 }, () => stream.nextUniform()))
      return {
        expected: [0, 0],
        got: [
          spacingScore(goe, spacingReferences.orthogonal),
          spacingScore(independent, spacingReferences.poisson),
        ],
        tolerance: 4,
        kind: 'absolute',
      }
    },
  },
]
