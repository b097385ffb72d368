import type { Estimate } from './moments.ts'
import { effectiveDraws, restShare, type Quadrature } from './quadrature.ts'

/** Mean over probes of Σ τ θ^power: the moment of the rows alone. */
export const rowMoment = ({ nodes, weights }: Quadrature, power: number): number =>
  nodes.reduce(
    (sum, row, probe) =>
      sum + row.reduce((part, node, k) => part + weights[probe]![k]! * node ** power, 0),
    0,
  ) / nodes.length

/**
 * tr Aᵖ/n of a quadrature with its standard error.
 *
 * The error is that of the variance of vᵀAᵖv over directions v, 2(⟨λ²ᵖ⟩ − ⟨λᵖ⟩²)/(n + 2) a probe, with the moments of the
 * quadrature itself: it needs no spread over probes, so one is enough. Atoms have none.
 *
 * @throws RangeError if the quadrature does not say its dimension.
 */
export function quadratureMoment(quadrature: Quadrature, power: number): Estimate {
  const share = restShare(quadrature)
  const fixed = (quadrature.atoms ?? []).reduce((sum, { value }) => sum + value ** power, 0)
  const mean = rowMoment(quadrature, power)
  const variance = Math.max(0, rowMoment(quadrature, 2 * power) - mean ** 2)
  return {
    mean: fixed / (quadrature.dimension ?? Infinity) + share * mean,
    standardError: share * Math.sqrt(variance / effectiveDraws(quadrature)),
  }
}
