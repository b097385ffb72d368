import { meanAndStandardError } from './moments.ts'

/** Quadrature nodes θ and weights τ, one row a probe; each row of weights sums to 1. */
export interface Quadrature {
  readonly nodes: readonly (readonly number[])[]
  readonly weights: readonly (readonly number[])[]
}

/**
 * An axis on which a density is drawn: λ itself, or u = asinh(λ/scale), which is linear within ±scale
 * and logarithmic beyond, so a bulk and an outlier 10⁴ times as large are both resolved.
 */
export type Coordinate =
  { readonly kind: 'linear' } | { readonly kind: 'asinh'; readonly scale: number }

/** λ → u. */
export const toCoordinate = (coordinate: Coordinate, value: number): number =>
  coordinate.kind === 'linear' ? value : Math.asinh(value / coordinate.scale)

/** u → λ. */
export const fromCoordinate = (coordinate: Coordinate, u: number): number =>
  coordinate.kind === 'linear' ? u : coordinate.scale * Math.sinh(u)

/** A smoothed density on a grid, with a band of ± 2 standard errors over probes. */
export interface DensityCurve {
  /** Grid in the coordinate, ascending and even. */
  readonly u: readonly number[]
  /** The same points as eigenvalues. */
  readonly lambda: readonly number[]
  /** Density per unit of the coordinate; integrates to 1. */
  readonly density: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
  /** Deviation of the Gaussian kernel, in the coordinate. */
  readonly kernelDeviation: number
}

/** Kernel deviations that the grid reaches beyond the outermost nodes: 3·10⁻⁷ of a node's mass is cut off. */
const margin = 5

/** Nodes within this share of the largest differ by the rounding of a float32 product, not by spectrum. */
const oneValueShare = 1e-6

/** Deviation of the kernel as a share of the range of the nodes: narrow enough to part a bulk from its outliers. */
const defaultShare = 1 / 80

/**
 * A scale for the asinh axis: the weighted median of |θ|, so that half of the spectrum lies in its
 * linear part; never 0 unless all nodes are.
 */
export function asinhScale({ nodes, weights }: Quadrature): number {
  const pairs = nodes.flatMap((row, probe) =>
    row.map((node, k) => [Math.abs(node), weights[probe]?.[k] ?? 0] as const),
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
 * The kernel is Gaussian in the coordinate, so on the asinh axis its width in λ grows with |λ|. The band
 * is the mean ± 2 standard errors over probes at each point; the bias of the kernel is not in it.
 *
 * @param options.kernelDeviation - σ in the coordinate; default: 1/80 of the range of the nodes; 1/1000 of their
 *   size if they are one value up to rounding.
 * @param options.points - Grid points, 2 or more.
 */
export function smoothDensity(
  quadrature: Quadrature,
  options: {
    readonly coordinate: Coordinate
    readonly kernelDeviation?: number
    readonly points?: number
  },
): DensityCurve {
  const { coordinate } = options
  const points = options.points ?? 601
  const placed = quadrature.nodes.map((row) => row.map((node) => toCoordinate(coordinate, node)))
  const all = placed.flat()
  const lowest = all.reduce((a, b) => Math.min(a, b), Infinity)
  const highest = all.reduce((a, b) => Math.max(a, b), -Infinity)
  const deviation = options.kernelDeviation ?? defaultDeviation(lowest, highest)
  const start = lowest - margin * deviation
  const step = (highest - lowest + 2 * margin * deviation) / (points - 1)
  const u = Array.from({ length: points }, (_, i) => start + i * step)

  const curves = placed.map((row, probe) =>
    smoothRow(row, quadrature.weights[probe] ?? [], u, deviation),
  )
  const density: number[] = []
  const lower: number[] = []
  const upper: number[] = []
  u.forEach((_, i) => {
    const { mean, standardError } = meanAndStandardError(curves.map((curve) => curve[i] ?? 0))
    density.push(mean)
    lower.push(Math.max(0, mean - 2 * standardError))
    upper.push(mean + 2 * standardError)
  })
  return {
    u,
    lambda: u.map((value) => fromCoordinate(coordinate, value)),
    density,
    lower,
    upper,
    kernelDeviation: deviation,
  }
}

/** 1/80 of the range; a spectrum of one value still needs a width to be drawn with. */
function defaultDeviation(lowest: number, highest: number): number {
  const range = highest - lowest
  const largest = Math.max(Math.abs(lowest), Math.abs(highest))
  if (range > oneValueShare * largest) return range * defaultShare
  return largest > 0 ? 1e-3 * largest : 1e-12
}

function smoothRow(
  nodes: readonly number[],
  weights: readonly number[],
  u: readonly number[],
  deviation: number,
): number[] {
  const norm = 1 / (Math.sqrt(2 * Math.PI) * deviation)
  return u.map((value) =>
    nodes.reduce((sum, node, k) => {
      const distance = (value - node) / deviation
      if (Math.abs(distance) > 8) return sum
      return sum + (weights[k] ?? 0) * norm * Math.exp(-0.5 * distance * distance)
    }, 0),
  )
}
