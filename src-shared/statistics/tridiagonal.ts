/** Nodes θ, ascending, and weights τ of a quadrature. */
export interface QuadratureRow {
  readonly nodes: readonly number[]
  readonly weights: readonly number[]
}

/**
 * Gauss quadrature of a tridiagonal matrix: its eigenvalues θ and the squared first entries τ of its
 * eigenvectors, by the implicit QL method carrying only that entry.
 *
 * Σ τ = 1, and Σ τ θʲ = (Tʲ)₁₁ for every j.
 *
 * Cost: O(k²).
 *
 * @see Golub and Welsch, Calculation of Gauss quadrature rules (1969)
 */
export function quadratureTridiagonal(
  diagonal: readonly number[],
  offDiagonal: readonly number[],
): { nodes: number[]; weights: number[] } {
  const d = [...diagonal]
  const z = d.map((_, i) => (i === 0 ? 1 : 0))
  implicitQl(d, [...offDiagonal.slice(0, d.length - 1), 0], z)
  const order = d.map((_, i) => i).sort((a, b) => d[a]! - d[b]!)
  return { nodes: order.map((i) => d[i]!), weights: order.map((i) => z[i]! ** 2) }
}

/**
 * Diagonalizes a tridiagonal matrix in place by the implicit QL method: `d` becomes its eigenvalues, unsorted,
 * and `z`, a row vector, is multiplied by the eigenvectors.
 *
 * @param d - Diagonal, `[k]`.
 * @param e - Off-diagonal, `[k]`, the last entry 0; destroyed.
 * @param z - `[k]`; from the i-th unit vector it becomes the eigenvectors' i-th entries.
 */
export function implicitQl(d: number[], e: number[], z: number[]): void {
  const size = d.length
  for (let l = 0; l < size; l += 1) {
    for (let sweep = 0; ; sweep += 1) {
      let m = l
      while (m < size - 1) {
        const scale = Math.abs(d[m]!) + Math.abs(d[m + 1]!)
        if (Math.abs(e[m]!) <= Number.EPSILON * scale) break
        m += 1
      }
      if (m === l) break
      if (sweep === 60) throw new Error('internal: implicit QL did not converge in 60 sweeps')
      rotate(d, e, z, l, m)
    }
  }
}

/** One implicit QL sweep on rows l…m. */
function rotate(d: number[], e: number[], z: number[], l: number, m: number): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!)
  let r = Math.hypot(g, 1)
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? Math.abs(r) : -Math.abs(r)))
  let s = 1
  let c = 1
  let p = 0
  for (let i = m - 1; i >= l; i -= 1) {
    let f = s * e[i]!
    const b = c * e[i]!
    r = Math.hypot(f, g)
    e[i + 1] = r
    if (r === 0) {
      d[i + 1]! -= p
      e[m] = 0
      return
    }
    s = f / r
    c = g / r
    g = d[i + 1]! - p
    r = (d[i]! - g) * s + 2 * c * b
    p = s * r
    d[i + 1] = g + p
    g = c * r - b
    f = z[i + 1]!
    z[i + 1] = s * z[i]! + c * f
    z[i] = c * z[i]! - s * f
  }
  d[l]! -= p
  e[l] = g
  e[m] = 0
}
