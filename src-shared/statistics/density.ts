import { splitQuadrature } from './averaged-quadrature.ts'
import { fromCoordinate, toCoordinate, type Coordinate } from './coordinate.ts'
import { meanAndStandardError } from './moments.ts'
import {
  atomErrors,
  effectiveDraws,
  isExactRow,
  restShare,
  weightedNodes,
  type Quadrature,
} from './quadrature.ts'
import { normalFactor } from './quantiles.ts'
import { scoreInterval, widenInterval } from './score-interval.ts'
import type { QuadratureRow } from './tridiagonal.ts'

/** A smoothed density on a grid, with a band. */
export interface DensityCurve {
  /** Grid in the coordinate, ascending and even. */
  readonly u: readonly number[]
  /** The same points as eigenvalues. */
  readonly lambda: readonly number[]
  /** Density per unit of the coordinate; integrates to 1, or to the share of one sign on a logarithmic axis. */
  readonly density: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
  /** Level of the band at each point; null for the mean ± 2 standard errors over probes. */
  readonly level: number | null
  /** Typical error at each point for want of Lanczos steps, which the band holds; 0 where there is no level. */
  readonly resolution: readonly number[]
  /** Deviation of the Gaussian kernel, in the coordinate. */
  readonly kernelDeviation: number
}

/** Settings of {@link smoothDensity}. */
export interface DensityCurveOptions {
  readonly coordinate: Coordinate
  /** σ in the coordinate; default: 1/80 of the range of the nodes; 1/1000 of their size if they are one value up to rounding. */
  readonly kernelDeviation?: number
  /** Grid points, 2 or more. */
  readonly points?: number
  /** Ends of the grid in the coordinate; default: five σ beyond the outermost nodes. */
  readonly range?: readonly [number, number]
  /** Probability that the band holds the density at a point, e.g. 0.95; left out: mean ± 2 standard errors over probes. */
  readonly level?: number
}

/** Kernel deviations that the grid reaches beyond the outermost nodes: 3·10⁻⁷ of a node's mass is cut off. */
const margin = 5

/** Kernel deviations beyond which it counts as 0. */
const reach = 8

/** Nodes within this share of the largest differ by the rounding of a float32 product, not by spectrum. */
const oneValueShare = 1e-6

/** Deviation of the kernel as a share of the range of the nodes: narrow enough to part a bulk from its outliers. */
const defaultShare = 1 / 80

/**
 * A scale for the asinh axis: the weighted median of |θ|, so that half of the spectrum lies in its
 * linear part; never 0 unless all nodes are.
 */
export function asinhScale(quadrature: Quadrature): number {
  const pairs = weightedNodes(quadrature).map(
    ({ value, weight }) => [Math.abs(value), weight] as const,
  )
  pairs.sort((a, b) => a[0] - b[0])
  const largest = pairs.at(-1)?.[0] ?? 0
  const total = pairs.reduce((sum, [, weight]) => sum + weight, 0)
  let seen = 0
  const median = pairs.find(([, weight]) => (seen += weight) >= total / 2)?.[0] ?? 0
  if (largest === 0) return 1
  return Math.max(median, 1e-6 * largest)
}

/**
 * The density of a quadrature under a Gaussian kernel, Σ τ·g((u − u(θ))/σ)/σ averaged over probes.
 *
 * The kernel is Gaussian in the coordinate, so on the asinh axis its width in λ grows with |λ|.
 *
 * With a level, the band holds at each point the density of all eigenvalues under the same kernel with that
 * probability; what the kernel blurs is not an error of it. Two errors are in it. Of the probes: the variance
 * of vᵀf(A)v over directions v is 2(⟨f²⟩ − ⟨f⟩²)/(n + 2), which the quadrature itself gives, so that few probes are enough;
 * taken at the value tried, as in Wilson's interval. Of the steps: each quadrature is replaced by the mean of its
 * Gauss and anti-Gauss rules, of the same degree with twice the nodes, and half the difference of these rules, in root mean square
 * over about a gap between nodes, is one standard deviation. Atoms err by their residuals alone. The level is that of a point,
 * not of all at once.
 *
 * Cost: O(points²) with a level.
 *
 * @throws RangeError if a level is asked of a quadrature that does not say its dimension, or no node has a place on the
 *   axis and no range is given.
 */
export function smoothDensity(quadrature: Quadrature, options: DensityCurveOptions): DensityCurve {
  const { coordinate, level } = options
  const places = weightedNodes(quadrature)
    .map(({ value }) => toCoordinate(coordinate, value))
    .filter((u) => !Number.isNaN(u))
  const lowest = places.reduce((a, b) => Math.min(a, b), Infinity)
  const highest = places.reduce((a, b) => Math.max(a, b), -Infinity)
  if (places.length === 0 && options.range === undefined) {
    throw new RangeError('range must be given where no node has a place on the axis')
  }
  const deviation = options.kernelDeviation ?? defaultDeviation(lowest, highest)
  const [start, end] = options.range ?? [lowest - margin * deviation, highest + margin * deviation]
  const points = options.points ?? 601
  const grid = new Grid(coordinate, start, (end - start) / (points - 1), points, deviation)

  const [fixed, fixedLower, fixedUpper] = [grid.zeros(), grid.zeros(), grid.zeros()]
  const errors = atomErrors(quadrature)
  ;(quadrature.atoms ?? []).forEach(({ value }, i) => {
    const weight = 1 / (quadrature.dimension ?? Infinity)
    grid.add(fixed, null, value, weight)
    grid.addExtremes(fixedLower, fixedUpper, value, errors[i]!, weight)
  })
  const part =
    level === undefined ? spreadPart(quadrature, grid) : levelPart(quadrature, grid, level)
  const share = restShare(quadrature)
  const whole = (atoms: Float64Array, rest: Float64Array): number[] =>
    Array.from(rest, (x, i) => atoms[i]! + share * x)
  return {
    u: grid.u,
    lambda: grid.u.map((u) => fromCoordinate(coordinate, u)),
    density: whole(fixed, part.density),
    lower: whole(fixedLower, part.lower),
    upper: whole(fixedUpper, part.upper),
    level: level ?? null,
    resolution: Array.from(part.resolution, (x) => share * x),
    kernelDeviation: deviation,
  }
}

/** The density of the rows with its band, without atoms. */
interface CurvePart {
  readonly density: Float64Array
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly resolution: Float64Array
}

/** Mean and ± 2 standard errors over probes. */
function spreadPart({ nodes, weights }: Quadrature, grid: Grid): CurvePart {
  const curves = nodes.map((row, probe) => {
    const curve = grid.zeros()
    grid.addRow(curve, null, { nodes: row, weights: weights[probe]! }, 1)
    return curve
  })
  const estimates = grid.u.map((_, i) => meanAndStandardError(curves.map((curve) => curve[i]!)))
  return {
    density: Float64Array.from(estimates, ({ mean }) => mean),
    lower: Float64Array.from(estimates, ({ mean, standardError }) =>
      Math.max(0, mean - 2 * standardError),
    ),
    upper: Float64Array.from(estimates, ({ mean, standardError }) => mean + 2 * standardError),
    resolution: grid.zeros(),
  }
}

/** The averaged quadrature and its interval at a level. */
function levelPart(quadrature: Quadrature, grid: Grid, level: number): CurvePart {
  const draws = effectiveDraws(quadrature)
  const factor = normalFactor(level)
  const probes = quadrature.nodes.length
  const [gauss, antiGauss, squares, gaps] = [grid.zeros(), grid.zeros(), grid.zeros(), grid.zeros()]
  quadrature.nodes.forEach((nodes, probe) => {
    const row = { nodes, weights: quadrature.weights[probe]! }
    const pair = splitQuadrature(row, isExactRow(quadrature, probe))
    grid.addRow(gauss, squares, pair.gauss, 1 / probes)
    grid.addRow(antiGauss, squares, pair.antiGauss, 1 / probes)
    grid.addGaps(gaps, pair.antiGauss.nodes, 1 / probes)
  })
  const difference = gauss.map((x, i) => (antiGauss[i]! - x) / 2)
  const resolution = grid.rootMeanSquares(difference, gaps)
  const density = gauss.map((x, i) => (x + antiGauss[i]!) / 2)
  const intervals = Array.from(density, (value, i) =>
    widenInterval(
      // ⟨f²⟩/⟨f⟩: the height of the kernel where eigenvalues are.
      scoreInterval(value, value > 0 ? squares[i]! / 2 / value : 0, draws, factor),
      factor * resolution[i]!,
    ),
  )
  return {
    density,
    lower: Float64Array.from(intervals, ({ lower }) => lower),
    upper: Float64Array.from(intervals, ({ upper }) => upper),
    resolution,
  }
}

/** An even grid on an axis, and a kernel on it. */
class Grid {
  readonly u: readonly number[]
  readonly #coordinate: Coordinate
  readonly #start: number
  readonly #step: number
  readonly #deviation: number

  constructor(
    coordinate: Coordinate,
    start: number,
    step: number,
    points: number,
    deviation: number,
  ) {
    this.#coordinate = coordinate
    this.#start = start
    this.#step = step
    this.#deviation = deviation
    this.u = Array.from({ length: points }, (_, i) => start + i * step)
  }

  zeros(): Float64Array {
    return new Float64Array(this.u.length)
  }

  /** Adds the kernel at an eigenvalue to `curve`, and its square to `squares`. */
  add(curve: Float64Array, squares: Float64Array | null, value: number, weight: number): void {
    const center = toCoordinate(this.#coordinate, value)
    if (Number.isNaN(center) || weight === 0) return
    const height = 1 / (Math.sqrt(2 * Math.PI) * this.#deviation)
    const first = Math.ceil((center - reach * this.#deviation - this.#start) / this.#step)
    const last = Math.floor((center + reach * this.#deviation - this.#start) / this.#step)
    for (let i = Math.max(0, first); i <= Math.min(this.u.length - 1, last); i += 1) {
      const distance = (this.u[i]! - center) / this.#deviation
      const kernel = height * Math.exp(-0.5 * distance * distance)
      curve[i]! += weight * kernel
      if (squares !== null) squares[i]! += weight * kernel * kernel
    }
  }

  /** Adds the least and the largest kernel that an eigenvalue within `error` of `value` may have at each point. */
  addExtremes(
    lower: Float64Array,
    upper: Float64Array,
    value: number,
    error: number,
    weight: number,
  ): void {
    const ends = [value - error, value, value + error]
      .map((end) => toCoordinate(this.#coordinate, end))
      .filter((u) => !Number.isNaN(u))
    if (ends.length === 0) return
    const [low, high] = [Math.min(...ends), Math.max(...ends)]
    const height = weight / (Math.sqrt(2 * Math.PI) * this.#deviation)
    const kernel = (distance: number): number =>
      distance > reach * this.#deviation
        ? 0
        : height * Math.exp(-0.5 * (distance / this.#deviation) ** 2)
    this.u.forEach((u, i) => {
      // If 0 lies within the error, a logarithmic axis may not show it at all.
      if (ends.length === 3) lower[i]! += kernel(Math.max(u - low, high - u))
      upper[i]! += kernel(Math.max(0, low - u, u - high))
    })
  }

  addRow(
    curve: Float64Array,
    squares: Float64Array | null,
    { nodes, weights }: QuadratureRow,
    weight: number,
  ): void {
    nodes.forEach((node, k) => {
      this.add(curve, squares, node, weight * weights[k]!)
    })
  }

  /** Adds the distance of the two nodes around each point; beyond the outermost ones the last distance. */
  addGaps(gaps: Float64Array, nodes: readonly number[], weight: number): void {
    const places = nodes
      .map((node) => toCoordinate(this.#coordinate, node))
      .filter((u) => !Number.isNaN(u))
      .sort((a, b) => a - b)
    let above = 0
    this.u.forEach((u, i) => {
      while (above < places.length && places[above]! < u) above += 1
      const index = Math.min(Math.max(above, 1), places.length - 1)
      const gap = places.length < 2 ? this.#span : places[index]! - places[index - 1]!
      gaps[i]! += weight * gap
    })
  }

  get #span(): number {
    return this.#step * (this.u.length - 1)
  }

  /** Root mean square of a curve around each point, over a Gaussian window of the width given there, or of the kernel. */
  rootMeanSquares(curve: Float64Array, widths: Float64Array): Float64Array {
    return curve.map((_, i) => {
      const width = Math.max(widths[i]!, this.#deviation, this.#step)
      const half = Math.ceil((3 * width) / this.#step)
      let [sum, total] = [0, 0]
      for (let j = Math.max(0, i - half); j <= Math.min(curve.length - 1, i + half); j += 1) {
        const distance = ((i - j) * this.#step) / width
        const weight = Math.exp(-0.5 * distance * distance)
        sum += weight * curve[j]! ** 2
        total += weight
      }
      return Math.sqrt(sum / total)
    })
  }
}

/** 1/80 of the range; a spectrum of one value still needs a width to be drawn with. */
function defaultDeviation(lowest: number, highest: number): number {
  const range = highest - lowest
  const largest = Math.max(Math.abs(lowest), Math.abs(highest))
  if (range > oneValueShare * largest) return range * defaultShare
  return largest > 0 ? 1e-3 * largest : 1e-12
}
