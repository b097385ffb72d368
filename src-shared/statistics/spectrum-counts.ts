import { splitQuadrature, type QuadraturePair } from './averaged-quadrature.ts'
import {
  effectiveDraws,
  isExactRow,
  restShare,
  weightedNodes,
  type Quadrature,
} from './quadrature.ts'
import { normalFactor } from './quantiles.ts'
import { scoreInterval, widenInterval, type Interval } from './score-interval.ts'
import type { QuadratureRow } from './tridiagonal.ts'

/** A share or count at zero, with what counts as zero. */
export interface ZeroMass extends Interval {
  /** |λ| below which an eigenvalue counts as zero. */
  readonly threshold: number
}

/** Points of the window over which the error for want of steps is averaged, on either side, and its reach in gaps. */
const windowPoints = 32
const windowReach = 2

/** |θ| below which a value cannot be told from zero: 10⁻⁶ of the largest, or the rounding of m products. */
const zeroShare = 1e-6
const roundingUnits = 50

/** A node whose two rules agree to this share of its distance to the next one stands for an atom or a cluster. */
const condensedShare = 1 / 8

/** Differences of both rules' nodes within which such a node's place is not known. */
const placeErrors = 2

/** Share of a row's weight below a threshold. */
const rowMassBelow = ({ nodes, weights }: QuadratureRow, threshold: number): number =>
  nodes.reduce((sum, node, k) => (node < threshold ? sum + weights[k]! : sum), 0)

/** A quadrature taken apart for its distribution function. */
class Distribution {
  readonly #quadrature: Quadrature
  readonly #pairs: readonly QuadraturePair[]
  readonly #draws: number

  constructor(quadrature: Quadrature) {
    this.#quadrature = quadrature
    this.#draws = effectiveDraws(quadrature)
    this.#pairs = quadrature.nodes.map((nodes, probe) =>
      splitQuadrature(
        { nodes, weights: quadrature.weights[probe]! },
        isExactRow(quadrature, probe),
      ),
    )
  }

  /** The rows' share below a threshold, by the averaged rule. */
  below(threshold: number): number {
    return this.#mean(
      ({ gauss, antiGauss }) =>
        (rowMassBelow(gauss, threshold) + rowMassBelow(antiGauss, threshold)) / 2,
    )
  }

  /** Share of eigenvalues among the atoms that a condition holds for, of all n. */
  atoms(holds: (value: number) => boolean): number {
    const { atoms, dimension } = this.#quadrature
    return (atoms ?? []).filter(({ value }) => holds(value)).length / (dimension ?? Infinity)
  }

  /** Typical error of {@link below} for want of steps: root mean square of half the rules' difference about a threshold. */
  resolution(threshold: number): number {
    const gap = this.#mean(({ antiGauss }) => gapAround(antiGauss.nodes, threshold))
    let [sum, total] = [0, 0]
    for (let i = -windowPoints; i <= windowPoints; i += 1) {
      const distance = (windowReach * i) / windowPoints
      const at = threshold + distance * gap
      const weight = Math.exp(-0.5 * distance * distance)
      const difference = this.#mean(
        ({ gauss, antiGauss }) => (rowMassBelow(antiGauss, at) - rowMassBelow(gauss, at)) / 2,
      )
      sum += weight * difference ** 2
      total += weight
    }
    return Math.sqrt(sum / total)
  }

  /**
   * The rows' mass in condensed nodes so close to a threshold that it may lie on the other side: a null space weighs much, but its
   * node comes to 0 only as steps resolve what is next to it.
   */
  ambiguous(threshold: number): { below: number; above: number } {
    const sideOf = (isBelow: boolean): number =>
      this.#mean(({ gauss, antiGauss }) => {
        const part = (row: QuadratureRow, other: QuadratureRow): number =>
          row.nodes.reduce(
            (sum, node, k) =>
              node < threshold === isBelow && isPlaceOpen(row.nodes, k, other.nodes, threshold)
                ? sum + row.weights[k]!
                : sum,
            0,
          )
        return (part(gauss, antiGauss) + part(antiGauss, gauss)) / 2
      })
    return { below: sideOf(true), above: sideOf(false) }
  }

  /**
   * The interval of a share: `rest` of the rows with an error of `spread`, of which `less` may not and `more` may belong to it, and
   * `fixed` among the atoms.
   */
  interval(
    { rest, less, more }: { rest: number; less: number; more: number },
    spread: number,
    fixed: number,
    level: number,
  ): Interval {
    const factor = normalFactor(level)
    const around = (mass: number): Interval =>
      widenInterval(
        scoreInterval(Math.min(1, Math.max(0, mass)), 1, this.#draws, factor),
        factor * spread,
      )
    const share = restShare(this.#quadrature)
    return {
      value: fixed + share * rest,
      lower: fixed + share * around(rest - less).lower,
      upper: fixed + share * Math.min(1, around(rest + more).upper),
    }
  }

  #mean(of: (pair: QuadraturePair) => number): number {
    return this.#pairs.reduce((sum, pair) => sum + of(pair), 0) / this.#pairs.length
  }
}

/** Whether a condensed node may lie on either side of a threshold, by the nearest one of the other rule. */
function isPlaceOpen(
  nodes: readonly number[],
  index: number,
  others: readonly number[],
  threshold: number,
): boolean {
  const node = nodes[index]!
  const error = others.reduce((least, x) => Math.min(least, Math.abs(x - node)), Infinity)
  const gap = Math.min(
    node - (nodes[index - 1] ?? -Infinity),
    (nodes[index + 1] ?? Infinity) - node,
  )
  return error < condensedShare * gap && Math.abs(node - threshold) <= placeErrors * error
}

/** Distance of the two nodes around a threshold; beyond the outermost ones the last distance. */
function gapAround(nodes: readonly number[], threshold: number): number {
  if (nodes.length < 2) return 0
  const above = nodes.findIndex((node) => node >= threshold)
  const index = above < 0 ? nodes.length - 1 : Math.max(above, 1)
  return nodes[index]! - nodes[index - 1]!
}

/**
 * Share of the eigenvalues below a threshold, with an interval.
 *
 * Errors are those of {@link smoothDensity}: of the probes, whose mass on a spectral projector is Beta distributed, by
 * Wilson's interval; of the steps by the difference of the Gauss and anti-Gauss rules around the threshold, and by the mass of
 * a node, such as that of a null space, that is not known to lie on its side of it.
 *
 * @throws RangeError if the quadrature does not say its dimension.
 */
export function massBelow(quadrature: Quadrature, threshold: number, level: number): Interval {
  const law = new Distribution(quadrature)
  const { below, above } = law.ambiguous(threshold)
  return law.interval(
    { rest: law.below(threshold), less: below, more: above },
    law.resolution(threshold),
    law.atoms((value) => value < threshold),
    level,
  )
}

/**
 * |λ| below which eigenvalues count as zero: max(10⁻⁶, 50·ε·m)·max |θ|, with the ε of the products' arithmetic and m steps.
 */
export function zeroThreshold(quadrature: Quadrature, epsilon: number): number {
  const largest = weightedNodes(quadrature).reduce(
    (most, { value }) => Math.max(most, Math.abs(value)),
    0,
  )
  const steps = quadrature.nodes.reduce((most, row) => Math.max(most, row.length), 0)
  return Math.max(zeroShare, roundingUnits * epsilon * steps) * largest
}

/**
 * Share of the eigenvalues that cannot be told from zero, |λ| < {@link zeroThreshold}, with an interval.
 *
 * A large null space shows as a node at 0 of its mass. Where eigenvalues crowd around zero unresolved, the interval is
 * wide.
 *
 * @param epsilon - Unit round-off spacing of the products: 2⁻²³ or 2⁻⁵².
 * @throws RangeError if the quadrature does not say its dimension.
 */
export function zeroMass(quadrature: Quadrature, epsilon: number, level: number): ZeroMass {
  const threshold = zeroThreshold(quadrature, epsilon)
  const law = new Distribution(quadrature)
  const [low, high] = [law.ambiguous(-threshold), law.ambiguous(threshold)]
  const interval = law.interval(
    {
      rest: Math.max(0, law.below(threshold) - law.below(-threshold)),
      less: low.above + high.below,
      more: low.below + high.above,
    },
    Math.hypot(law.resolution(threshold), law.resolution(-threshold)),
    law.atoms((value) => Math.abs(value) < threshold),
    level,
  )
  return { ...interval, threshold }
}

/**
 * Number of negative eigenvalues, with an interval: from those surely below zero to those not surely above.
 *
 * `value` counts what lies below −{@link zeroThreshold}, `lower` is the lower end of that count, `upper` the upper end of
 * the count below +threshold: the sign of what lies between is that of rounding.
 *
 * @param epsilon - Unit round-off spacing of the products: 2⁻²³ or 2⁻⁵².
 * @throws RangeError if the quadrature does not say its dimension.
 */
export function countNegative(quadrature: Quadrature, epsilon: number, level: number): Interval {
  const threshold = zeroThreshold(quadrature, epsilon)
  const sure = massBelow(quadrature, -threshold, level)
  const possible = massBelow(quadrature, threshold, level)
  const dimension = quadrature.dimension ?? 0
  return {
    value: dimension * sure.value,
    lower: dimension * sure.lower,
    upper: dimension * possible.upper,
  }
}
