import { createStream, fillNormal } from '#base'
import { denseOperator, float64Space } from '#geometry/operators'
import {
  chebyshevMoments,
  compareWithKernelPolynomials,
  estimateDensity,
  estimateDiagonal,
  estimateTrace,
  gradientShare,
  interiorEigenpairs,
  kernelPolynomialMass,
  meanMoments,
  orthogonalizeBlock,
  principalAngles,
} from '#geometry/spectral'
import type { KnownAnswerCheck } from './check.ts'

const stream = (name: string) => createStream(31, 'check', name)

/** Orthonormal rows `[rows, n]`. */
async function orthonormalRows(rows: number, n: number, name: string): Promise<Float64Array> {
  const block = new Float64Array(rows * n)
  fillNormal(block, stream(name))
  await orthogonalizeBlock(float64Space(n), block, rows)
  return block
}

/** Qᵀ diag(values) Q `[n, n]`, and Q, whose rows are the eigenvectors. */
async function matrixWith(values: readonly number[]) {
  const n = values.length
  const vectors = await orthonormalRows(n, n, 'basis')
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) {
      values.forEach((value, k) => {
        matrix[i * n + j]! += value * vectors[k * n + i]! * vectors[k * n + j]!
      })
    }
  }
  return { matrix, vectors }
}

const sumOf = (values: readonly number[], f = (x: number): number => x): number =>
  values.reduce((sum, x) => sum + f(x), 0)

/** Three outliers above a bulk in [−1, 1]. */
const outliers = [40, 25, -12]
const bulk = Array.from({ length: 77 }, (_, i) => Math.cos(1 + i))
const spectrum = [...outliers, ...bulk]
const n = spectrum.length

async function deflatedDensity() {
  const { matrix, vectors } = await matrixWith(spectrum)
  return estimateDensity(denseOperator(matrix), {
    probes: 40,
    steps: 20,
    stream: stream('deflated'),
    outliers: { values: outliers, vectors: vectors.slice(0, outliers.length * n) },
  })
}

/** Checks of estimators that take the leading eigenvalues out first, and of subspaces. */
export const estimatorChecks: readonly KnownAnswerCheck[] = [
  ...(['hutch++', 'xtrace'] as const).map((method): KnownAnswerCheck => ({
    id: `trace-${method === 'xtrace' ? method : 'hutch'}`,
    title: `tr A and tr A² of a matrix of rank 6 by ${method}, exact from a sketch that holds its range`,
    source: 'Meyer et al. (2021), Epperly, Tropp and Webber (2024)',
    run: async () => {
      const values = Array.from({ length: 60 }, (_, i) => (i < 6 ? 3 ** i - 10 : 0))
      const { matrix } = await matrixWith(values)
      const { trace, squareTrace } = await estimateTrace(denseOperator(matrix), {
        method,
        probes: 30,
        stream: stream(method),
      })
      return {
        expected: [sumOf(values), sumOf(values, (x) => x * x)],
        got: [trace.mean, squareTrace.mean],
        tolerance: 1e-9,
        kind: 'relative',
      }
    },
  })),
  {
    id: 'deflated-density',
    title: 'a density whose outliers are taken out has them as atoms and all else in the bulk',
    source: 'the spectrum prescribed',
    run: async () => {
      const { atoms, nodes, weights } = await deflatedDensity()
      const outside = nodes.flatMap((row, probe) =>
        row.map((node, k) => (Math.abs(node) > 1 ? weights[probe]![k]! : 0)),
      )
      return {
        expected: [...outliers, 0, nodes.length],
        got: [...atoms.map(({ value }) => value), sumOf(outside), sumOf(weights.flat())],
        tolerance: 1e-10,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'deflated-moments',
    title: 'tr A/n and tr A²/n of a density without its outliers (standard errors)',
    source: 'the spectrum prescribed',
    run: async () => {
      const { mean, square } = await deflatedDensity()
      return {
        expected: [0, 0],
        got: [
          (mean.mean - sumOf(spectrum) / n) / mean.standardError,
          (square.mean - sumOf(spectrum, (x) => x * x) / n) / square.standardError,
        ],
        tolerance: 4,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'kernel-polynomials',
    title:
      'Chebyshev moments of a probe are those of its Lanczos quadrature, and put the mass of two clusters right',
    source: 'peers T6',
    run: async () => {
      const { matrix } = await matrixWith(bulk)
      const settings = { probes: 5, stream: stream('kernel') }
      const operator = denseOperator(matrix)
      const moments = await chebyshevMoments(operator, { ...settings, steps: 15 })
      const quadrature = await estimateDensity(operator, { ...settings, steps: 15 })
      const { largestDifference } = compareWithKernelPolynomials(quadrature, moments)

      // Moments of equal masses at ±½, exactly: the kernel leaves the mass of each where it is.
      const interval = { low: -1, high: 1 }
      const exact = Array.from({ length: 101 }, (_, k) => {
        return (Math.cos((k * Math.PI) / 3) + Math.cos((2 * k * Math.PI) / 3)) / 2
      })
      const masses = [-1, 0, 1].map((x) => kernelPolynomialMass(exact, interval, x))
      return {
        expected: [0, 1, 0, 0.5, 1],
        got: [largestDifference, meanMoments(moments)[0]!, ...masses],
        tolerance: 1e-10,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'diagonal',
    title: 'the diagonal of a matrix within its standard errors, and exactly where it is diagonal',
    source: 'definition',
    run: async () => {
      const { matrix } = await matrixWith(bulk)
      const settings = { probes: 400, stream: stream('diagonal') }
      const { diagonal, standardError } = await estimateDiagonal(denseOperator(matrix), settings)
      const size = bulk.length
      const scores = Array.from(
        diagonal,
        (value, i) => (value - matrix[i * size + i]!) / standardError[i]!,
      )
      const alone = new Float64Array(size * size)
      bulk.forEach((value, i) => (alone[i * size + i] = value))
      const exact = await estimateDiagonal(denseOperator(alone), settings)
      const worst = bulk.reduce(
        (most, value, i) => Math.max(most, Math.abs(exact.diagonal[i]! - value)),
        0,
      )
      return {
        // The mean square of the scores is 1 but for 4·√(2/n).
        expected: [1, 0],
        got: [sumOf(scores, (z) => z * z) / size, worst],
        tolerance: 4 * Math.sqrt(2 / size),
        kind: 'absolute',
      }
    },
  },
  {
    id: 'interior-eigenvalues',
    title:
      'the five eigenvalues next to 0 inside a spectrum of 120, two of them equal, by a filter',
    source: 'the spectrum prescribed',
    run: async () => {
      const near = [0.01, 0.01, -0.02, 0.03, -0.045]
      const rest = Array.from({ length: 115 }, (_, i) => (i % 2 === 0 ? 1 : -1) * (0.1 + i / 100))
      const { matrix } = await matrixWith([...near, ...rest])
      const { pairs, status } = await interiorEigenpairs(denseOperator(matrix), {
        count: near.length,
        tolerance: 1e-9,
        maxProducts: 20_000,
        stream: stream('interior'),
      })
      return {
        expected: [...near, 1],
        got: [...pairs.map(({ value }) => value), status === 'converged' ? 1 : 0],
        tolerance: 1e-9,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'principal-angles',
    title: 'planes turned against each other by 10⁻⁸, 0.3 and π/2 have these principal angles',
    source: 'Björck and Golub (1973)',
    run: async () => {
      const [size, angles] = [40, [1e-8, 0.3, Math.PI / 2]]
      const space = float64Space(size)
      const rows = await orthonormalRows(6, size, 'planes')
      const first = rows.subarray(0, 3 * size)
      const second = new Float64Array(3 * size)
      const turns = new Float64Array(18)
      angles.forEach((angle, i) => {
        turns[i * 6 + i] = Math.cos(angle)
        turns[i * 6 + 3 + i] = Math.sin(angle)
      })
      await space.setCombination(second, 3, turns, rows, 6)
      const found = await principalAngles(space, first, second, 3, 3)
      return { expected: angles, got: [...found.angles], tolerance: 1e-6, kind: 'relative' }
    },
  },
  {
    id: 'gradient-share',
    title:
      'random directions have the share k/n in a subspace, with the variance 2k(n − k)/(n²(n + 2)), and p-values of mean ½',
    source: 'Beta(k/2, (n − k)/2)',
    run: async () => {
      const [size, k, draws] = [50, 5, 2000]
      const space = float64Space(size)
      const rows = await orthonormalRows(k, size, 'share')
      const directions = stream('directions')
      const vector = new Float64Array(size)
      const shares: number[] = []
      let meanP = 0
      for (let draw = 0; draw < draws; draw += 1) {
        fillNormal(vector, directions)
        const { share, pValue } = await gradientShare(space, vector, rows, k)
        shares.push(share!)
        meanP += pValue! / draws
      }
      const mean = sumOf(shares) / draws
      const variance = sumOf(shares, (x) => (x - mean) ** 2) / (draws - 1)
      return {
        expected: [k / size, (2 * k * (size - k)) / (size ** 2 * (size + 2)), 0.5],
        got: [mean, variance, meanP],
        // 4 standard errors: 0.051 of the mean, 0.17 of the variance (excess kurtosis 1.5), 0.052 of the p-value
        tolerance: 0.17,
        kind: 'relative',
      }
    },
  },
]
