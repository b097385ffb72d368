import type { DenseDocument, DensityDocument, EigenpairsDocument } from '../schemas/index.ts'
import { wassersteinDistance, weightedNodes } from '../statistics/index.ts'
import {
  estimatedSource,
  exactSource,
  placeDensity,
  signNames,
  type DensityAxis,
  type PlacedCurve,
  type PlacedDensity,
} from './density-curves.ts'
import { densityCaption, densityDescription, densityWarning } from './density-texts.ts'
import { convergedValues } from './eigenvalues.ts'
import { formatCount, formatNumber, formatPowerOfTen } from './format.ts'
import { axis, bandSeries, bandStrengths, frameOption, lineSeries, rugSeries } from './frame.ts'
import { matrixPhrase, matrixSize } from './measured-matrix.ts'
import type { Figure, FigureAxis, FigureOption, FigureSeries, FigureTable } from './option.ts'

/** How a spectral density is drawn. */
export interface SpectralDensityOptions {
  readonly axis?: DensityAxis
  readonly scale?: 'linear' | 'log'
  /** Extreme eigenvalues, marked by ticks under the curve. */
  readonly eigenpairs?: EigenpairsDocument | null
  /** The whole spectrum of the same matrix, drawn under the same kernel. */
  readonly exact?: DenseDocument | null
}

/** Decades of density that a logarithmic scale shows: a single eigenvalue among 10⁶ is still above. */
const densityDecades = 7

const rugName = 'extreme eigenvalues'
const atomName = 'found first'
const atomHeight = 24

/** The spectral density of a matrix with its bands, eigenvalues found first, and the extreme eigenvalues under it. */
export function spectralDensityFigure(
  document: DensityDocument,
  options: SpectralDensityOptions = {},
): Figure {
  const kind = options.axis ?? 'linear'
  const eigenpairs = options.eigenpairs ?? null
  const source = estimatedSource(document)
  const exact = options.exact == null ? null : exactSource(options.exact)
  const placed = placeDensity(source, kind, exact)
  const nodes = weightedNodes(source.quadrature)
  const floor = floorOf(placed, options.scale)
  const marked = eigenpairs === null ? [] : convergedValues(eigenpairs)
  const rugs = eigenvalueRugs(placed, marked)
  const outer = kind === 'linear' ? document.resampling : null
  const series = [
    ...(outer === null ? [] : outerBand(placed, outer, floor)),
    ...placed.curves.flatMap((curve) => curveSeries(curve, floor)),
    ...exactSeries(placed, floor),
    ...atomStrokes(placed, document),
    ...rugs,
  ]
  const distance =
    exact === null ? null : wassersteinDistance(nodes, weightedNodes(exact.quadrature))
  return {
    title: `Spectral density of the ${matrixPhrase(document)}`,
    caption: densityCaption(document, {
      axis: kind,
      placed,
      marks: {
        hasRug: rugs.length > 0,
        isComplete:
          eigenpairs === null || marked.length === eigenpairs.top.length + eigenpairs.bottom.length,
      },
      distance,
    }),
    warning: densityWarning(document),
    description: densityDescription(
      document,
      nodes.map(({ value }) => value),
      marked.length,
    ),
    option: densityOption(placed, series, floor),
    table: densityTable(placed, outer),
  }
}

/** The density of a whole spectrum, where there is no estimate of it. */
export function exactDensityFigure(
  document: DenseDocument,
  options: Pick<SpectralDensityOptions, 'axis' | 'scale'> = {},
): Figure {
  const placed = placeDensity(exactSource(document), options.axis ?? 'linear')
  const floor = floorOf(placed, options.scale)
  const series = placed.curves.map((curve) => curveLine(curve, floor))
  const { eigenvalues } = document
  const count = formatCount(matrixSize(document))
  return {
    title: `Spectral density of the ${matrixPhrase(document)}, exact`,
    caption:
      `Density of all ${count} eigenvalues of the ${matrixPhrase(document)} at step ${formatCount(document.step)}, ` +
      `smoothed by a Gaussian kernel of standard deviation ${placed.kernelText}` +
      `${placed.omission === '' ? '' : `; ${placed.omission}`}.`,
    description: `Exact spectral density of the ${matrixPhrase(document)}; ${count} eigenvalues from ${formatNumber(eigenvalues[0] ?? 0)} to ${formatNumber(eigenvalues.at(-1) ?? 0)}.`,
    option: densityOption(placed, series, floor),
    table: densityTable(placed, null),
  }
}

function floorOf({ curves }: PlacedDensity, scale: 'linear' | 'log' = 'linear'): number | null {
  const peak = curves
    .flatMap(({ density }) => density)
    .reduce((most, value) => Math.max(most, value), 0)
  return scale === 'log' && peak > 0 ? 10 ** (Math.ceil(Math.log10(peak)) - densityDecades) : null
}

function densityOption(
  placed: PlacedDensity,
  series: readonly FigureSeries[],
  floor: number | null,
): FigureOption {
  const names = [...new Set(series.map(({ name }) => name))]
  return frameOption({
    xAxis: axis('x', placed.axisName, ticksOf(placed.ticks, placed.labelTick)),
    yAxis: densityAxis(placed.densityName, floor),
    series,
    labelX: placed.labelX,
    legend: names.length > 1 ? names : [],
  })
}

type Bounds = Pick<PlacedCurve, 'lower' | 'upper'>

function densityTable({ curves, exact }: PlacedDensity, outer: Bounds | null): FigureTable {
  const at = (values: readonly number[] | undefined, i: number): number | null =>
    values?.[i] ?? null
  return {
    columns: [
      'lambda',
      'density',
      'lower',
      'upper',
      ...(outer === null ? [] : ['lower_with_data', 'upper_with_data']),
      ...(exact.length === 0 ? [] : ['exact']),
    ],
    rows: curves.flatMap((curve, k) =>
      curve.lambda.map((lambda, i) => [
        lambda,
        at(curve.density, i),
        at(curve.lower, i),
        at(curve.upper, i),
        ...(outer === null ? [] : [at(outer.lower, i), at(outer.upper, i)]),
        ...(exact.length === 0 ? [] : [at(exact[k]?.density, i)]),
      ]),
    ),
  }
}

const lift = (value: number | undefined, floor: number | null): number =>
  Math.max(value ?? 0, floor ?? 0)

const curveLine = (
  curve: PlacedCurve,
  floor: number | null,
  more: Record<string, unknown> = {},
): FigureSeries =>
  lineSeries(
    curve.name,
    curve.x.map((x, i) => [x, lift(curve.density[i], floor)] as const),
    { z: 2, ...more },
  )

const bandOf = (
  name: string,
  xs: readonly number[],
  bounds: Bounds,
  floor: number | null,
  strength?: number,
): FigureSeries =>
  bandSeries(
    name,
    xs.map((x, i) => [x, lift(bounds.lower[i], floor), lift(bounds.upper[i], floor)] as const),
    strength,
  )

const curveSeries = (curve: PlacedCurve, floor: number | null): FigureSeries[] => [
  bandOf(curve.name, curve.x, curve, floor),
  curveLine(curve, floor),
]

/** A second, lighter band of the same color around the first. */
const outerBand = ({ curves }: PlacedDensity, outer: Bounds, floor: number | null) =>
  curves.map(({ name, x }) => bandOf(name, x, outer, floor, bandStrengths.outer))

const exactSeries = ({ exact }: PlacedDensity, floor: number | null): FigureSeries[] =>
  exact.map((curve) => curveLine(curve, floor, { z: 3, lineStyle: { width: 1.25, type: [5, 4] } }))

/** Strokes at eigenvalues of weight 1/n, longer than those that only mark. */
function atomStrokes(placed: PlacedDensity, document: DensityDocument): FigureSeries[] {
  const at = document.atoms.flatMap(({ value }) => placed.place(value) ?? [])
  return at.length > 0 ? [rugSeries(atomName, at, atomHeight)] : []
}

/** Strokes at the extreme eigenvalues; in the color of the curve of their sign where there are two. */
function eigenvalueRugs(placed: PlacedDensity, values: readonly number[]): FigureSeries[] {
  return [1, -1].flatMap((sign) => {
    const at = values
      .filter((value) => (sign > 0 ? value >= 0 : value < 0))
      .flatMap((value) => placed.place(value) ?? [])
    const name = placed.hasSigns ? signNames[sign > 0 ? 'positive' : 'negative'] : rugName
    return at.length > 0 ? [rugSeries(name, at)] : []
  })
}

/** How an axis is labeled: at given positions, or where it finds them itself. */
export function ticksOf(
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
