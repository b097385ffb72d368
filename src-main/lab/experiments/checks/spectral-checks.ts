import { createStream, fillNormal } from '#base'
import { denseOperator, float64Space, type LinearOperator } from '#geometry/operators'
import {
  eigenSymmetric,
  eigenTridiagonal,
  estimateDensity,
  estimateTrace,
  extremeEigenpairs,
  lanczos,
  quadratureTridiagonal,
} from '#geometry/spectral'
import type { KnownAnswerCheck } from './check.ts'

/** A diagonal operator in a space of any basis: its spectrum is known, and Lanczos cannot tell it from another. */
function diagonalOperator(values: readonly number[]): LinearOperator {
  const size = values.length
  return {
    size,
    space: float64Space(size),
    preferredRows: 16,
    apply: (input, rows, output) => {
      for (let i = 0; i < rows * size; i += 1) output[i] = values[i % size]! * input[i]!
      return Promise.resolve()
    },
  }
}

const normalVector = (size: number, name: string): Float64Array => {
  const vector = new Float64Array(size)
  fillNormal(vector, createStream(1, name))
  return vector
}

/** A Wishart matrix ZZᵀ/n `[p, p]` with n = 2p. */
function wishart(p: number): Float64Array {
  const stream = createStream(2, 'wishart')
  const z = Array.from({ length: p }, () =>
    Float64Array.from({ length: 2 * p }, () => stream.nextNormal()),
  )
  return Float64Array.from({ length: p * p }, (_, at) => {
    const [a, b] = [z[Math.floor(at / p)]!, z[at % p]!]
    return a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (2 * p)
  })
}

const rowsOf = (matrix: Float64Array, n: number): Float64Array[] =>
  Array.from({ length: n }, (_, i) => matrix.subarray(i * n, (i + 1) * n))

const spectrum = Array.from({ length: 15 }, (_, i) => Math.cos(i) * (1 + i / 5))
const radial = (() => {
  const w = [0.3, -0.2, 0.5, 0.1, -0.4]
  const s = w.reduce((sum, x) => sum + x * x, 0)
  const [first, second] = [1 + 6 * s - 7.5 * s * s, 6 - 15 * s]
  const matrix = Float64Array.from({ length: 25 }, (_, at) => {
    const [i, j] = [Math.floor(at / 5), at % 5]
    return (i === j ? 2 * first : 0) + 4 * second * w[i]! * w[j]!
  })
  return { matrix, values: [2 * first + 4 * s * second, 2 * first] }
})()

/** Checks of the spectral solvers on operators whose spectrum is known, in float64. */
export const spectralChecks: readonly KnownAnswerCheck[] = [
  {
    id: 'slq-moments',
    title: 'quadrature reproduces vᵀAʲv for all j ≤ 2m − 1, and Σ τ = 1',
    source: 'peers 4.5',
    run: async () => {
      const v = normalVector(15, 'moments')
      const steps = 5
      const { diagonal, offDiagonal } = await lanczos(diagonalOperator(spectrum), v, {
        depth: steps,
      })
      const { nodes, weights } = quadratureTridiagonal(diagonal, offDiagonal)
      const powers = Array.from({ length: 2 * steps }, (_, j) => j)
      const square = v.reduce((sum, x) => sum + x * x, 0)
      return {
        expected: powers.map((j) =>
          v.reduce((sum, x, i) => sum + (x * x * spectrum[i]! ** j) / square, 0),
        ),
        got: powers.map((j) => nodes.reduce((sum, node, k) => sum + weights[k]! * node ** j, 0)),
        tolerance: 1e-10,
        kind: 'relative',
      }
    },
  },
  {
    id: 'full-order',
    title: 'full-depth Lanczos finds all 15 eigenvalues',
    source: 'peers 4.5',
    run: async () => {
      const result = await lanczos(diagonalOperator(spectrum), normalVector(15, 'full'), {
        depth: 15,
      })
      return {
        expected: spectrum.toSorted((a, b) => a - b),
        got: [...eigenTridiagonal(result.diagonal, result.offDiagonal).values],
        tolerance: 1e-10,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'orthogonality',
    title: 'max |QᵀQ − I| after 60 steps on a spectrum with outliers',
    source: 'peers 4.5',
    run: async () => {
      const values = Array.from({ length: 200 }, (_, i) => (i < 3 ? 1e4 * (i + 1) : i / 200))
      const { basis } = await lanczos(diagonalOperator(values), normalVector(200, 'orth'), {
        depth: 60,
      })
      return {
        expected: [0],
        got: [await basis.orthogonalityLoss()],
        tolerance: 1e-12,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'ritz-residual',
    title: 'the true residual of each Ritz pair is |β·s|',
    source: 'peers 4.5',
    run: async () => {
      const A = diagonalOperator(spectrum)
      const { basis, diagonal, offDiagonal, residualNorm } = await lanczos(
        A,
        normalVector(15, 'ritz'),
        { depth: 6 },
      )
      const { values, vectors } = eigenTridiagonal(diagonal, offDiagonal)
      const residuals = [...values].map((value, k) => {
        const ritz = new Float64Array(15)
        for (let i = 0; i < 6; i += 1)
          basis.row(i).forEach((x, j) => (ritz[j]! += vectors[k]![i]! * x))
        return Math.hypot(...ritz.map((x, j) => spectrum[j]! * x - value * x))
      })
      return {
        expected: vectors.map((vector) => residualNorm * Math.abs(vector.at(-1)!)),
        got: residuals,
        tolerance: 1e-10,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'radial-polynomial',
    title:
      'Hessian of a radial polynomial: Krylov dimension 2, both eigenvalues, at scales 1 and 1e-12',
    source: 'peers 4.3, T2, T3',
    run: async () => {
      const got: number[] = []
      for (const scale of [1, 1e-12]) {
        const A = denseOperator(radial.matrix.map((x) => scale * x))
        const { diagonal, offDiagonal } = await lanczos(A, normalVector(5, 'radial'), { depth: 5 })
        const { values } = eigenTridiagonal(diagonal, offDiagonal)
        got.push(diagonal.length, ...[...values].map((value) => value / scale))
      }
      return {
        expected: [2, ...radial.values, 2, ...radial.values],
        got,
        tolerance: 1e-10,
        kind: 'relative',
      }
    },
  },
  {
    id: 'two-clusters',
    title: 'two clusters of 30 eigenvalues carry half of the mass each (400 probes)',
    source: 'peers 4.6',
    run: async () => {
      const values = Array.from({ length: 60 }, (_, i) => (i < 30 ? 1 : 5))
      const { nodes, weights } = await estimateDensity(diagonalOperator(values), {
        probes: 400,
        steps: 10,
        stream: createStream(3, 'clusters'),
      })
      const mass = nodes.flatMap((row, probe) =>
        row.map((node, k) => (node > 3 ? weights[probe]![k]! / 400 : 0)),
      )
      // A Beta(15, 15) share has deviation 0.09; over 400 probes 0.0045.
      return {
        expected: [0.5],
        got: [mass.reduce((a, b) => a + b)],
        tolerance: 0.018,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'wishart',
    title: 'ten largest and three smallest eigenvalues of a 40×40 Wishart matrix',
    source: 'peers 4.6',
    run: async () => {
      const matrix = wishart(40)
      const { values } = eigenSymmetric(rowsOf(matrix, 40))
      const result = await extremeEigenpairs(denseOperator(matrix), {
        top: 10,
        bottom: 3,
        tolerance: 1e-9,
        maxProducts: 500,
        stream: createStream(4, 'wishart'),
      })
      return {
        expected: [...values.toReversed().slice(0, 10), ...values.slice(0, 3)],
        got: [...result.top, ...result.bottom].map(({ value }) => value),
        tolerance: 1e-10,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'equal-leading',
    title: 'three equal leading eigenvalues are reported three times',
    source: 'peers T7',
    run: async () => {
      const values = [5, 5, 5, 3, ...Array.from({ length: 80 }, (_, i) => i / 80)]
      const { top, status } = await extremeEigenpairs(diagonalOperator(values), {
        top: 4,
        bottom: 0,
        tolerance: 1e-8,
        maxProducts: 500,
        stream: createStream(5, 'equal'),
      })
      return {
        expected: [5, 5, 5, 3, 1],
        got: [...top.map(({ value }) => value), status === 'converged' ? 1 : 0],
        tolerance: 1e-9,
        kind: 'absolute',
      }
    },
  },
  {
    id: 'signs',
    title: 'largest means largest on a spectrum of two signs',
    source: 'peers T5',
    run: async () => {
      const values = [-9, -8, 2, 1, ...Array.from({ length: 50 }, (_, i) => -i / 50)]
      const { top, bottom } = await extremeEigenpairs(diagonalOperator(values), {
        top: 2,
        bottom: 2,
        tolerance: 1e-8,
        maxProducts: 300,
        stream: createStream(6, 'signs'),
      })
      return {
        expected: [2, 1, -9, -8],
        got: [...top, ...bottom].map(({ value }) => value),
        tolerance: 1e-9,
        kind: 'absolute',
      }
    },
  },
  ...(['signs', 'normal'] as const).map((distribution): KnownAnswerCheck => ({
    id: `probe-variance-${distribution}`,
    title: `E zᵀAz, Var zᵀAz and E ‖Az‖² of ${distribution} probes against tr A and tr A² (10,000 draws)`,
    source: 'peers 4.7',
    run: async () => {
      const matrix = wishart(20)
      const rows = rowsOf(matrix, 20)
      const trace = rows.reduce((sum, row, i) => sum + row[i]!, 0)
      const square = matrix.reduce((sum, x) => sum + x * x, 0)
      const diagonal = rows.reduce((sum, row, i) => sum + row[i]! ** 2, 0)
      const { samples, squareTrace } = await estimateTrace(denseOperator(matrix, 100), {
        probes: 10_000,
        stream: createStream(7, distribution),
        distribution,
      })
      const mean = samples.reduce((a, b) => a + b) / samples.length
      const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (samples.length - 1)
      return {
        expected: [trace, 2 * (distribution === 'signs' ? square - diagonal : square), square],
        got: [mean, variance, squareTrace.mean],
        tolerance: 0.05,
        kind: 'relative',
      }
    },
  })),
]
