import type { Quadrature } from './quadrature.ts'
import { weightedNodes } from './quadrature.ts'
import { splitQuadrature } from './averaged-quadrature.ts'
import { isExactRow } from './quadrature.ts'

/** A law of finitely many points, in any order. */
export type PointLaw = readonly { readonly value: number; readonly weight: number }[]

/** Wasserstein-1 distance ∫ |F − G| of two laws of mass 1. Cost: O(k log k) in all points. */
export function wassersteinDistance(a: PointLaw, b: PointLaw): number {
  const steps = [...a, ...b.map(({ value, weight }) => ({ value, weight: -weight }))].sort(
    (x, y) => x.value - y.value,
  )
  let [difference, distance] = [0, 0]
  for (let i = 0; i + 1 < steps.length; i += 1) {
    difference += steps[i]!.weight
    distance += Math.abs(difference) * (steps[i + 1]!.value - steps[i]!.value)
  }
  return distance
}

/**
 * The law of a quadrature with each row replaced by the mean of its Gauss and anti-Gauss rules, as in
 * {@link smoothDensity}: twice the nodes, the same degree, and about 0.6 of the distance to the spectrum.
 */
export function averagedLaw(quadrature: Quadrature): PointLaw {
  const halves = quadrature.nodes.map((nodes, probe) =>
    splitQuadrature({ nodes, weights: quadrature.weights[probe]! }, isExactRow(quadrature, probe)),
  )
  return weightedNodes({
    ...quadrature,
    nodes: halves.flatMap(({ gauss, antiGauss }) => [gauss.nodes, antiGauss.nodes]),
    weights: halves.flatMap(({ gauss, antiGauss }) => [gauss.weights, antiGauss.weights]),
  })
}
