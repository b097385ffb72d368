import type { DensityDocument, EigenpairsDocument } from '../schemas/index.ts'
import {
  placeDensity,
  signNames,
  type DensityAxis,
  type PlacedCurve,
  type PlacedDensity,
} from './density-curves.ts'
import { formatCount, formatNumber, formatPowerOfTen } from './format.ts'
import { axis, bandSeries, frameOption, lineSeries, rugSeries } from './frame.ts'
import type { Figure, FigureAxis, FigureSeries } from './option.ts'

/** How a spectral density is drawn. */
export interface SpectralDensityOptions {
  readonly axis?: DensityAxis
  readonly scale?: 'linear' | 'log'
  /** Extreme eigenvalues, marked by ticks under the curve. */
  readonly eigenpairs?: EigenpairsDocument | null
}

/** Decades of density that a logarithmic scale shows: a single eigenvalue among 10⁶ is still above. */
const densityDecades = 7

const rugName = 'extreme eigenvalues'

/** The spectral density of the Hessian with its band, and the extreme eigenvalues under it. */
export function spectralDensityFigure(
  document: DensityDocument,
  options: SpectralDensityOptions = {},
): Figure {
  const kind = options.axis ?? 'linear'
  const scale = options.scale ?? 'linear'
  const placed = placeDensity(document, kind)
  const peak = placed.curves
    .flatMap(({ density }) => density)
    .reduce((most, value) => Math.max(most, value), 0)
  const floor =
    scale === 'log' && peak > 0 ? 10 ** (Math.ceil(Math.log10(peak)) - densityDecades) : null
  const series: FigureSeries[] = placed.curves.flatMap((curve) => curveSeries(curve, floor))
  const rugs = eigenvalueRugs(placed, options.eigenpairs ?? null)
  series.push(...rugs)
  const names = [...new Set(series.map(({ name }) => name))]
  return {
    title: 'Spectral density of the Hessian',
    caption: captionOf(document, placed, rugs.length > 0),
    description: describe(document, options.eigenpairs ?? null),
    option: frameOption({
      xAxis: axis('x', placed.axisName, ticksOf(placed.ticks, placed.labelTick)),
      yAxis: densityAxis(placed.densityName, floor),
      series,
      labelX: placed.labelX,
      legend: names.length > 1 ? names : [],
    }),
    table: {
      columns: ['lambda', 'density', 'lower', 'upper'],
      rows: placed.curves.flatMap((curve) =>
        curve.lambda.map((lambda, i) => [
          lambda,
          curve.density[i] ?? null,
          curve.lower[i] ?? null,
          curve.upper[i] ?? null,
        ]),
      ),
    },
  }
}

function curveSeries(curve: PlacedCurve, floor: number | null): FigureSeries[] {
  const lift = (value: number | undefined): number => Math.max(value ?? 0, floor ?? 0)
  return [
    bandSeries(
      curve.name,
      curve.x.map((x, i) => [x, lift(curve.lower[i]), lift(curve.upper[i])] as const),
    ),
    lineSeries(
      curve.name,
      curve.x.map((x, i) => [x, lift(curve.density[i])] as const),
      { z: 2 },
    ),
  ]
}

/** Strokes at the extreme eigenvalues; in the color of the curve of their sign where there are two. */
function eigenvalueRugs(
  placed: PlacedDensity,
  eigenpairs: EigenpairsDocument | null,
): FigureSeries[] {
  if (eigenpairs === null) return []
  const values = [...eigenpairs.top, ...eigenpairs.bottom].map(({ value }) => value)
  return [1, -1].flatMap((sign) => {
    const at = values
      .filter((value) => (sign > 0 ? value >= 0 : value < 0))
      .flatMap((value) => placed.place(value) ?? [])
    const name = placed.hasSigns ? signNames[sign > 0 ? 'positive' : 'negative'] : rugName
    return at.length > 0 ? [rugSeries(name, at)] : []
  })
}

function ticksOf(
  ticks: readonly number[] | null,
  labelTick: (x: number) => string,
): Record<string, unknown> {
  const ends = { min: 'dataMin', max: 'dataMax' }
  if (ticks === null) {
    // The ends of the grid are no round numbers.
    const axisLabel = { formatter: labelTick, showMinLabel: false, showMaxLabel: false }
    return { ...ends, axisLabel: { ...axisLabel, hideOverlap: true } }
  }
  return {
    axisTick: { customValues: ticks },
    axisLabel: { customValues: ticks, formatter: labelTick, hideOverlap: true },
    ...ends,
  }
}

function densityAxis(name: string, floor: number | null): FigureAxis {
  if (floor === null) return axis('y', name, { min: 0 })
  return axis('y', name, {
    type: 'log',
    min: floor,
    axisLabel: { formatter: (value: number) => formatPowerOfTen(Math.round(Math.log10(value))) },
  })
}

function captionOf(
  document: DensityDocument,
  { kernelText, omission }: PlacedDensity,
  hasRug: boolean,
): string {
  return (
    `Density of the ${formatCount(document.parameterCount)} Hessian eigenvalues at step ` +
    `${formatCount(document.step)} by stochastic Lanczos quadrature (${String(document.probes)} probes, ` +
    `${String(document.steps)} steps each), smoothed by a Gaussian kernel of standard deviation ` +
    `${kernelText}; the band is the mean ± 2 standard errors over probes` +
    (hasRug ? '; strokes at the foot mark the extreme eigenvalues' : '') +
    `${omission === '' ? '' : `; ${omission}`}.`
  )
}

function describe(document: DensityDocument, eigenpairs: EigenpairsDocument | null): string {
  const nodes = document.nodes.flat()
  const low = nodes.reduce((a, b) => Math.min(a, b), Infinity)
  const high = nodes.reduce((a, b) => Math.max(a, b), -Infinity)
  const extremes =
    eigenpairs === null
      ? ''
      : ` ${String(eigenpairs.top.length + eigenpairs.bottom.length)} extreme eigenvalues are marked.`
  return `Spectral density of the Hessian; its support reaches from ${formatNumber(low)} to ${formatNumber(high)}.${extremes}`
}
