import type { DensityDocument } from '../schemas/index.ts'
import {
  asinhScale,
  smoothDensity,
  toCoordinate,
  type Coordinate,
  type DensityCurve,
} from '../statistics/index.ts'
import { formatNumber, formatPercent, formatPowerOfTen } from './format.ts'

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

/** Places a density on an axis. */
export function placeDensity(document: DensityDocument, kind: DensityAxis): PlacedDensity {
  if (kind === 'linear') return placeLinear(document)
  return kind === 'log' ? placeLog(document) : placeAsinh(document)
}

function placeLinear(document: DensityDocument): PlacedDensity {
  const { grid, density, lower, upper } = document
  return {
    curves: [{ name: 'density', x: grid, lambda: grid, density, lower, upper }],
    axisName: 'eigenvalue λ',
    hasSigns: false,
    densityName: 'density p(λ)',
    kernelText: `${formatNumber(document.kernel.standardDeviation, 2)} in λ`,
    omission: '',
    labelX: (x) => `λ = ${formatNumber(x)}`,
    ticks: null,
    labelTick: (x) => formatNumber(x),
    place: (lambda) => lambda,
  }
}

const placed = (name: string, curve: DensityCurve): PlacedCurve => ({
  name,
  x: curve.u,
  lambda: curve.lambda,
  density: curve.density,
  lower: curve.lower,
  upper: curve.upper,
})

function placeAsinh(document: DensityDocument): PlacedDensity {
  const scale = asinhScale(document)
  const coordinate: Coordinate = { kind: 'asinh', scale }
  const curve = smoothDensity(document, { coordinate })
  const place = (lambda: number): number => toCoordinate(coordinate, lambda)
  const at = new Map(asinhTicks(curve, scale).map((lambda) => [place(lambda), lambda]))
  return {
    curves: [placed('density', curve)],
    hasSigns: false,
    axisName: `eigenvalue λ (asinh axis, linear within ±${formatNumber(scale, 2)})`,
    densityName: 'density per unit of asinh(λ/s)',
    kernelText: `${formatNumber(curve.kernelDeviation, 2)} in asinh(λ/s), s = ${formatNumber(scale, 2)}`,
    omission: '',
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

/** 0 and powers of ten on both sides, at most about a dozen and none closer than a label is wide. */
function asinhTicks(curve: DensityCurve, scale: number): number[] {
  const first = curve.u[0] ?? 0
  const last = curve.u.at(-1) ?? 0
  const gap = (last - first) / 11
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

function placeLog(document: DensityDocument): PlacedDensity {
  const { nodes, weights } = document
  const largest = nodes.flat().reduce((most, node) => Math.max(most, Math.abs(node)), 0)
  const end = largest > 0 ? Math.log10(largest) : 0
  const start = end - decades
  const isShown = (lambda: number): boolean => lambda !== 0 && Math.log10(Math.abs(lambda)) >= start
  const half = (sign: 1 | -1) => {
    const keep = nodes.map((row) => row.map((node) => Math.sign(node) === sign && isShown(node)))
    const pick = (rows: readonly (readonly number[])[]) =>
      rows.map((row, i) => row.filter((_, k) => keep[i]?.[k] === true))
    return {
      nodes: pick(nodes).map((row) => row.map((node) => Math.log10(Math.abs(node)))),
      weights: pick(weights),
    }
  }
  // One kernel for both signs: 1/20 of a decade parts what an eye can part.
  const kernelDeviation = 0.05
  const curves = ([1, -1] as const).flatMap((sign) => {
    const part = half(sign)
    if (part.nodes.flat().length === 0) return []
    const curve = smoothDensity(part, { coordinate: { kind: 'linear' }, kernelDeviation })
    return [
      {
        ...placed(sign > 0 ? signNames.positive : signNames.negative, curve),
        lambda: curve.u.map((u) => sign * 10 ** u),
      },
    ]
  })
  const total = weights.flat().reduce((sum, weight) => sum + weight, 0)
  const shown = nodes
    .flatMap((row, i) => row.map((node, k) => (isShown(node) ? (weights[i]?.[k] ?? 0) : 0)))
    .reduce((sum, weight) => sum + weight, 0)
  const omitted = total > 0 ? 1 - shown / total : 0
  return {
    curves,
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
