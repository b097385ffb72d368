/**
 * A spectrum known by the quadratures of random probes, one row a probe, and by eigenvalues found before.
 *
 * With k atoms of n eigenvalues, its law is Σ δ(atom)/n + (n − k)/n · the mean of the rows: probes live in the
 * complement of the atoms' vectors.
 */
export interface Quadrature {
  /** Nodes θ, ascending. */
  readonly nodes: readonly (readonly number[])[]
  /** Their weights τ; each row sums to 1. */
  readonly weights: readonly (readonly number[])[]
  /** Eigenvalues that were found one by one, as often as they occur, with the norms of their residuals; default: 0. */
  readonly atoms?: readonly { readonly value: number; readonly residual?: number }[]
  /** n; needed with atoms, and for intervals. */
  readonly dimension?: number
  /** Lanczos steps asked for: a row with fewer nodes closed early and is exact. */
  readonly steps?: number
}

/** Share of the eigenvalues that the rows stand for. */
export const restShare = ({ atoms, dimension }: Quadrature): number =>
  atoms === undefined || atoms.length === 0 || dimension === undefined
    ? 1
    : (dimension - atoms.length) / dimension

/**
 * Independent draws that as many spherical probes are worth: the mass of a spectral projector of share p on m of them
 * has variance p(1 − p)/this, as it is Beta distributed for one.
 *
 * @throws RangeError if the quadrature does not say its dimension.
 */
export function effectiveDraws({ nodes, atoms, dimension }: Quadrature): number {
  if (dimension === undefined) throw new RangeError('dimension is needed for an interval')
  return (nodes.length * (dimension - (atoms?.length ?? 0) + 2)) / 2
}

/** Whether row `index` is the whole measure of its probe. */
export function isExactRow(quadrature: Quadrature, index: number): boolean {
  const { nodes, atoms, dimension, steps } = quadrature
  const size = nodes[index]!.length
  return (
    (steps !== undefined && size < steps) ||
    (dimension !== undefined && size >= dimension - (atoms?.length ?? 0))
  )
}

/** All nodes with their shares of the whole, which sum to 1. */
export function weightedNodes(quadrature: Quadrature): { value: number; weight: number }[] {
  const { nodes, weights, atoms, dimension } = quadrature
  const factor = restShare(quadrature) / nodes.length
  return [
    ...nodes.flatMap((row, probe) =>
      row.map((value, k) => ({ value, weight: factor * weights[probe]![k]! })),
    ),
    ...(atoms ?? []).map(({ value }) => ({ value, weight: 1 / (dimension ?? Infinity) })),
  ]
}

/**
 * How far an atom may be from its eigenvalue: its residual r, or r²/gap where no other atom or node is nearer than the gap.
 *
 * @see Parlett, The Symmetric Eigenvalue Problem (1998), theorems 4.5.1 and 11.7.1
 */
export function atomErrors({ nodes, atoms = [] }: Quadrature): number[] {
  return atoms.map(({ value, residual = 0 }, index) => {
    if (residual === 0) return 0
    let gap = Infinity
    for (const node of nodes.flat()) gap = Math.min(gap, Math.abs(node - value))
    atoms.forEach((other, i) => {
      if (i !== index) gap = Math.min(gap, Math.abs(other.value - value))
    })
    return residual < gap ? residual ** 2 / gap : residual
  })
}
