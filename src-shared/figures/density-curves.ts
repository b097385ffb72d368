import type { DenseDocument, DensityDocument } from '../schemas/index.ts'
import {
  asinhScale,
  smoothDensity,
  toCoordinate,
  weightedNodes,
  type Coordinate,
  type DensityCurve,
  type Quadrature,
} from '../statistics/index.ts'
import { formatNumber, formatPercent, formatPowerOfTen } from './format.ts'
import { matrixSize } from './measured-matrix.ts'

/** The axis of λ: as it is, log|λ| with a curve for each sign, or asinh(λ/s) with both signs on one axis. */
export type DensityAxis = 'linear' | 'log' | 'asinh'

/** One curve with its band, placed on the axis. */
export interface PlacedCurve {
  readonly name: string
  readonly x: readonly number[]
  readonly lambda: readonly number[]
  readonly density: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

/** The density on one kind of axis, with what the axis needs to be labeled. */
export interface PlacedDensity {
  readonly curves: readonly PlacedCurve[]
  /** The exact spectrum under the same kernel at the same points, a curve for each of `curves`; none where it is not known. */
  readonly exact: readonly PlacedCurve[]
  readonly axisName: string
  /** Whether each sign has a curve of its own. */
  readonly hasSigns: boolean
  readonly densityName: string
  /** `of standard deviation … in λ`. */
  readonly kernelText: string
  /** What the axis leaves out, or empty. */
  readonly omission: string
  readonly labelX: (x: number) => string
  /** Positions of labels; null where the axis finds them itself. */
  readonly ticks: readonly number[] | null
  readonly labelTick: (x: number) => string
  /** λ → x; null if it has no place on the axis. */
  readonly place: (lambda: number) => number | null
}

/** Names of the two curves of a logarithmic axis. */
export const signNames = { positive: 'λ > 0', negative: 'λ < 0' } as const

/** Decades below the largest |λ| that a logarithmic axis shows. */
const decades = 9

/** What is drawn: an estimate by quadrature, or a whole spectrum. */
export interface DensitySource {
  readonly quadrature: Quadrature
  /** Of the band at each point; null for mean ± 2 standard errors. */
  readonly level: number | null
  /** The curve as it was stored, on the axis of λ itself; null to draw it anew. */
  readonly stored: DensityDocument | null
}

/** A density as estimated. */
export const estimatedSource = (document: DensityDocument): DensitySource => ({
  quadrature: {
    nodes: document.nodes,
    weights: document.weights,
    atoms: document.atoms,
    dimension: matrixSize(document),
    steps: document.steps,
  },
  level: document.level,
  stored: document,
})

/** A whole spectrum: each eigenvalue has weight 1/n, and there is no band. */
export const exactSource = ({ eigenvalues }: DenseDocument): DensitySource => ({
  quadrature: {
    nodes: [eigenvalues],
    weights: [eigenvalues.map(() => 1 / eigenvalues.length)],
  },
  level: null,
  stored: null,
})

/**
 * Places a density on an axis.
 *
 * @param exact - The whole spectrum of the same matrix, to be drawn under the same kernel.
 */
export function placeDensity(
  source: DensitySource,
  kind: DensityAxis,
  exact: DensitySource | null = null,
): PlacedDensity {
  if (kind === 'linear') return placeLinear(source, exact)
  return kind === 'log' ? placeLog(source, exact) : placeAsinh(source, exact)
}

const placed = (name: string, curve: DensityCurve): PlacedCurve => ({
  name,
  x: curve.u,
  lambda: curve.lambda,
  density: curve.density,
  lower: curve.lower,
  upper: curve.upper,
})

/** The curve, its band at the level that was asked for. */
export const curveOf = (
  { quadrature, level }: DensitySource,
  coordinate: Coordinate,
  options: {
    readonly kernelDeviation?: number
    readonly range?: readonly [number, number]
    readonly points?: number
  } = {},
): DensityCurve =>
  smoothDensity(quadrature, { coordinate, ...options, ...(level === null ? {} : { level }) })

/** The exact spectrum at the points of a curve, under the kernel of that curve. */
function exactAt(
  exact: DensitySource | null,
  coordinate: Coordinate,
  curve: PlacedCurve,
  kernelDeviation: number,
): PlacedCurve[] {
  const [first, last] = [curve.x[0], curve.x.at(-1)]
  if (exact === null || first === undefined || last === undefined) return []
  const options = { kernelDeviation, range: [first, last] as const, points: curve.x.length }
  return [placed('exact', curveOf(exact, coordinate, options))]
}

function placeLinear(source: DensitySource, exact: DensitySource | null): PlacedDensity {
  const coordinate: Coordinate = { kind: 'linear' }
  const { stored } = source
  const drawn = stored === null ? curveOf(source, coordinate) : null
  const grid = stored?.grid ?? []
  const curve =
    drawn === null
      ? {
          name: 'density',
          x: grid,
          lambda: grid,
          density: stored?.density ?? [],
          lower: stored?.lower ?? [],
          upper: stored?.upper ?? [],
        }
      : placed('density', drawn)
  const kernelDeviation = drawn?.kernelDeviation ?? stored?.kernel.standardDeviation ?? 0
  return {
    curves: [curve],
    exact: exactAt(exact, coordinate, curve, kernelDeviation),
    axisName: 'eigenvalue λ',
    hasSigns: false,
    densityName: 'density p(λ)',
    kernelText: `${formatNumber(kernelDeviation, 2)} in λ`,
    omission: '',
    labelX: (x) => `λ = ${formatNumber(x)}`,
    ticks: null,
    labelTick: (x) => formatNumber(x),
    place: (lambda) => lambda,
  }
}

function placeAsinh(source: DensitySource, exact: DensitySource | null): PlacedDensity {
  const scale = asinhScale(source.quadrature)
  const coordinate: Coordinate = { kind: 'asinh', scale }
  const drawn = curveOf(source, coordinate)
  const curve = placed('density', drawn)
  return {
    curves: [curve],
    exact: exactAt(exact, coordinate, curve, drawn.kernelDeviation),
    hasSigns: false,
    densityName: 'density per unit of asinh(λ/s)',
    kernelText: `${formatNumber(drawn.kernelDeviation, 2)} in asinh(λ/s), s = ${formatNumber(scale, 2)}`,
    omission: '',
    ...asinhAxis(scale, drawn.u[0] ?? 0, drawn.u.at(-1) ?? 0),
  }
}

/** What an asinh axis from `first` to `last` needs to be labeled, with `most` labels or little more. */
export function asinhAxis(
  scale: number,
  first: number,
  last: number,
  most = 12,
): Pick<PlacedDensity, 'axisName' | 'labelX' | 'labelTick' | 'place'> & {
  readonly ticks: readonly number[]
} {
  const place = (lambda: number): number => toCoordinate({ kind: 'asinh', scale }, lambda)
  const at = new Map(asinhTicks(first, last, scale, most).map((lambda) => [place(lambda), lambda]))
  return {
    axisName: `eigenvalue λ (asinh axis, linear within ±${formatNumber(scale, 2)})`,
    labelX: (x) => `λ = ${formatNumber(scale * Math.sinh(x))}`,
    ticks: [...at.keys()],
    labelTick: (x) => {
      // ECharts hands positions back with rounding.
      const nearest = [...at].reduce<readonly [number, number]>(
        (best, entry) => (Math.abs(entry[0] - x) < Math.abs(best[0] - x) ? entry : best),
        [Infinity, 0],
      )[1]
      if (nearest === 0) return '0'
      const power = formatPowerOfTen(Math.round(Math.log10(Math.abs(nearest))))
      return nearest < 0 ? `−${power}` : power
    },
    place,
  }
}

/** 0 and powers of ten on both sides, none closer than a label is wide. */
function asinhTicks(first: number, last: number, scale: number, most: number): number[] {
  const gap = (last - first) / (most - 1)
  const ticks: number[] = first <= 0 && last >= 0 ? [0] : []
  for (const [sign, limit] of [
    [1, last],
    [-1, -first],
  ] as const) {
    let previous = 0
    const highest = Math.floor(Math.log10(scale * Math.sinh(Math.max(limit, 1e-9))))
    for (let k = highest - 12; k <= highest; k += 1) {
      const u = Math.asinh(10 ** k / scale)
      if (u - previous < gap) continue
      ticks.push(sign * 10 ** k)
      previous = u
    }
  }
  return ticks.sort((a, b) => a - b)
}

function placeLog(source: DensitySource, exact: DensitySource | null): PlacedDensity {
  const all = weightedNodes(source.quadrature)
  const largest = all.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0)
  const end = largest > 0 ? Math.log10(largest) : 0
  const start = end - decades
  const isShown = (lambda: number): boolean => lambda !== 0 && Math.log10(Math.abs(lambda)) >= start
  // One kernel for both signs: 1/20 of a decade parts what an eye can part.
  const kernelDeviation = 0.05
  const margin = 5 * kernelDeviation
  const halves = ([1, -1] as const).flatMap((sign) => {
    const places = all
      .filter(({ value }) => Math.sign(value) === sign && isShown(value))
      .map(({ value }) => Math.log10(Math.abs(value)))
    if (places.length === 0) return []
    const range = [
      places.reduce((a, b) => Math.min(a, b)) - margin,
      places.reduce((a, b) => Math.max(a, b)) + margin,
    ] as const
    const coordinate: Coordinate = { kind: 'log', sign }
    const name = signNames[sign > 0 ? 'positive' : 'negative']
    const curve = placed(name, curveOf(source, coordinate, { kernelDeviation, range }))
    return [{ curve, exact: exactAt(exact, coordinate, curve, kernelDeviation) }]
  })
  const total = all.reduce((sum, { weight }) => sum + weight, 0)
  const shown = all.reduce((sum, { value, weight }) => (isShown(value) ? sum + weight : sum), 0)
  const omitted = total > 0 ? 1 - shown / total : 0
  return {
    curves: halves.map(({ curve }) => curve),
    exact: halves.flatMap((half) => half.exact),
    axisName: 'size of the eigenvalue |λ|',
    hasSigns: true,
    densityName: 'density per decade of |λ|',
    kernelText: `${String(kernelDeviation)} decades of |λ|`,
    omission:
      omitted > 5e-4
        ? `${formatPercent(omitted)} of the weight lies at |λ| below ${formatNumber(10 ** start, 1)} and is not shown`
        : '',
    labelX: (x) => `|λ| = ${formatNumber(10 ** x)}`,
    ticks: Array.from({ length: decades + 2 }, (_, i) => Math.ceil(start) + i),
    labelTick: (x) => formatPowerOfTen(Math.round(x)),
    place: (lambda) => (isShown(lambda) ? Math.log10(Math.abs(lambda)) : null),
  }
}
