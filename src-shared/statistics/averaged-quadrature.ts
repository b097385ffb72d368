import { quadratureTridiagonal, type QuadratureRow } from './tridiagonal.ts'

/** A tridiagonal matrix: diagonal `[k]` and off-diagonal `[k − 1]`. */
interface Tridiagonal {
  readonly diagonal: number[]
  readonly offDiagonal: number[]
}

/**
 * The tridiagonal matrix whose Gauss quadrature has these nodes and weights, by plane rotations.
 *
 * Cost: O(k²). Stable: it is that of weights within rounding of those given.
 *
 * @param row - Nodes in any order; weights ≥ 0 that sum to 1.
 * @see Gragg and Harwood, The numerically stable reconstruction of Jacobi matrices from spectral data (1984)
 */
export function tridiagonalOfQuadrature({ nodes, weights }: QuadratureRow): Tridiagonal {
  const diagonal = [...nodes]
  const squares = nodes.map((_, i) => (i === 0 ? weights[0]! : 0))
  for (let added = 1; added < nodes.length; added += 1) {
    const node = nodes[added]!
    let part = weights[added]!
    let [cosine, sine, shift] = [1, 0, 0]
    for (let k = 0; k <= added; k += 1) {
      const total = squares[k]! + part
      const next = cosine * total
      const previousSine = sine
      cosine = total > 0 ? squares[k]! / total : 1
      sine = total > 0 ? part / total : 0
      const moved = sine * (diagonal[k]! - node) - cosine * shift
      diagonal[k]! -= moved - shift
      shift = moved
      part = sine > 0 ? shift ** 2 / sine : previousSine * squares[k]!
      squares[k] = next
    }
  }
  return { diagonal, offDiagonal: squares.slice(1).map(Math.sqrt) }
}

/** Two quadratures from one k-point Gauss quadrature, and whether their difference says anything. */
export interface QuadraturePair {
  /** The Gauss quadrature of k − 1 points. */
  readonly gauss: QuadratureRow
  /** The anti-Gauss quadrature of k points: it errs by as much, the other way. */
  readonly antiGauss: QuadratureRow
}

/**
 * Takes a k-point Gauss quadrature of a measure apart into the Gauss quadrature of k − 1 points and its anti-Gauss
 * quadrature.
 *
 * On polynomials of degree ≤ 2k − 1 the errors of both are opposite: their mean, a quadrature of 2k − 1 nodes, is exact
 * there like the one it comes from, but its nodes lie twice as close. Half their difference estimates the error of either
 * on other functions, which is that of the resolution of k − 1 steps. A measure of k points has none: both are the
 * quadrature itself then.
 *
 * Cost: O(k²).
 *
 * @param isExact - Whether the quadrature is the measure, because its Krylov space closed.
 * @see Laurie, Anti-Gaussian quadrature formulas (1996)
 */
export function splitQuadrature(row: QuadratureRow, isExact: boolean): QuadraturePair {
  const size = row.nodes.length
  if (isExact || size < 2) return { gauss: row, antiGauss: row }
  const { diagonal, offDiagonal } = tridiagonalOfQuadrature(row)
  const doubled = [...offDiagonal]
  doubled[size - 2]! *= Math.SQRT2
  return {
    gauss: quadratureTridiagonal(diagonal.slice(0, -1), offDiagonal.slice(0, -1)),
    antiGauss: quadratureTridiagonal(diagonal, doubled),
  }
}
