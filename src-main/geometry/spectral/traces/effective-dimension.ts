import { splitQuadrature, type Estimate, type Quadrature } from '#shared/statistics'

/** Places of the kink over which the error for want of steps is averaged, on either side, and how far they reach in gaps of nodes. */
const windowPoints = 8
const windowReach = 1

/** An effective dimension with what it can err by. */
export interface EffectiveDimension extends Estimate {
  /** Part of the standard error that is due to random probes; more of them lower it. */
  readonly samplingError: number
  /** Part due to too few Lanczos steps; more of those lower it. */
  readonly resolutionError: number
}

/**
 * Effective dimension Σ |λ|/(|λ| + μ): eigenvalues count fully far above μ and not at all far below.
 *
 * From the quadratures of a density: of each row the mean of its Gauss and anti-Gauss rules. Probes of uniform direction give the
 * mean of f over d eigenvalues with variance 2(⟨f²⟩ − ⟨f⟩²)/(d + 2) each, so one of them is enough for an error; half of the
 * difference of both rules stands for that of the steps, which the kink of |λ| at 0 makes: it falls with steps only as they resolve μ.
 * At one place of the kink that difference may vanish by luck, so its root mean square is taken with the kink moved over a gap of
 * nodes. Atoms are exact.
 *
 * @param quadrature - A result of `estimateDensity`; says its dimension.
 * @param scale - μ > 0.
 * @throws RangeError if μ is not positive or the quadrature does not say its dimension.
 * @see Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), on ridge regression
 */
export function effectiveDimension(quadrature: Quadrature, scale: number): EffectiveDimension {
  const { nodes, weights, atoms = [], dimension, steps } = quadrature
  if (!(scale > 0)) throw new RangeError(`scale must be positive, got ${scale}`)
  if (dimension === undefined)
    throw new RangeError('dimension is needed for an effective dimension')
  const share = (value: number): number => Math.abs(value) / (Math.abs(value) + scale)
  const average = (
    row: { readonly nodes: readonly number[]; readonly weights: readonly number[] },
    power: number,
    kink = 0,
  ): number =>
    row.nodes.reduce((sum, node, k) => sum + row.weights[k]! * share(node - kink) ** power, 0)
  const rest = dimension - atoms.length
  let [mean, square] = [0, 0]
  const differences = new Float64Array(2 * windowPoints + 1)
  nodes.forEach((row, probe) => {
    const isExact = row.length >= rest || (steps !== undefined && row.length < steps)
    const { gauss, antiGauss } = splitQuadrature({ nodes: row, weights: weights[probe]! }, isExact)
    const [low, high] = [average(gauss, 1), average(antiGauss, 1)]
    mean += (low + high) / 2 / nodes.length
    square += (average(gauss, 2) + average(antiGauss, 2)) / 2 / nodes.length
    const gap = gapAtZero(antiGauss.nodes)
    differences.forEach((_, i) => {
      const kink = (windowReach * gap * (i - windowPoints)) / windowPoints
      differences[i]! += (average(antiGauss, 1, kink) - average(gauss, 1, kink)) / 2 / nodes.length
    })
  })
  const variance = (2 * Math.max(0, square - mean ** 2)) / (rest + 2)
  const samplingError = rest * Math.sqrt(variance / nodes.length)
  const resolutionError =
    rest *
    Math.max(
      Math.abs(differences[windowPoints]!),
      Math.sqrt(differences.reduce((sum, x) => sum + x * x, 0) / differences.length),
    )
  return {
    mean: atoms.reduce((sum, { value }) => sum + share(value), rest * mean),
    standardError: Math.hypot(samplingError, resolutionError),
    samplingError,
    resolutionError,
  }
}

/** Distance of the two nodes around 0; beyond the outermost ones the last distance. */
function gapAtZero(nodes: readonly number[]): number {
  if (nodes.length < 2) return 0
  const above = nodes.findIndex((node) => node >= 0)
  const index = above < 0 ? nodes.length - 1 : Math.max(above, 1)
  return nodes[index]! - nodes[index - 1]!
}
