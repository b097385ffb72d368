import { createStream } from '#base'
import { estimateDensity, findOutliers, type OutliersOptions } from '#geometry/spectral'
import {
  asinhScale,
  countNegative,
  massBelow,
  smoothDensity,
  zeroMass,
  type Coordinate,
  type Interval,
} from '#shared/statistics'
import { diagonalOperator } from './spectra-operators.ts'

/** Axes on which bands are judged. */
export const bandAxes = ['linear', 'asinh', 'log+', 'log−'] as const
export type BandAxis = (typeof bandAxes)[number]

/** What a study of bands asks. */
export interface BandStudy {
  /** All eigenvalues, ascending. */
  readonly spectrum: readonly number[]
  readonly seeds: readonly number[]
  readonly probes: number
  readonly steps: number
  readonly level: number
  /** How outliers are found; null for none. */
  readonly outliers: Omit<OutliersOptions, 'stream'> | null
}

/** How often intervals held the truth. */
export interface Coverage {
  /** Share of points of the grid where they did, a value a seed. */
  readonly shares: readonly number[]
  /** The same where the true density is 1/1000 of its largest or more. */
  readonly visible: readonly number[]
  /** Mean width there, as a share of the true density. */
  readonly width: number
}

/** Rounding of a density, as a share of its largest value. */
const rounding = 1e-9
const visibleShare = 1e-3
/** Decades below the largest |λ| that logarithmic axes are judged on. */
const decades = 6

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, x) => sum + x, 0) / numbers.length

/**
 * Runs the density of a diagonal operator once a seed and counts where the truth lies in its intervals.
 *
 * Rotations change neither probes nor their Krylov spaces in law: what holds for a diagonal operator in float64 holds for any
 * of the same spectrum.
 */
export async function studyBands(study: BandStudy): Promise<{
  readonly axes: ReadonlyMap<BandAxis, Coverage>
  /** Share of seeds where the interval of a number held it. */
  readonly numbers: ReadonlyMap<string, number>
}> {
  const { spectrum, level } = study
  const n = spectrum.length
  const operator = diagonalOperator(spectrum)
  const exact = { nodes: [spectrum], weights: [spectrum.map(() => 1 / n)] }
  const largest = Math.log10(spectrum.reduce((most, x) => Math.max(most, Math.abs(x)), 0))
  const shares = new Map<BandAxis, { all: number[]; visible: number[]; widths: number[] }>()
  const held = new Map<string, number[]>()
  const note = (name: string, interval: Interval, truth: number): void => {
    const isIn = interval.lower - rounding <= truth && truth <= interval.upper + rounding
    held.set(name, [...(held.get(name) ?? []), isIn ? 1 : 0])
  }
  for (const seed of study.seeds) {
    const outliers =
      study.outliers === null
        ? undefined
        : await findOutliers(operator, {
            ...study.outliers,
            stream: createStream(seed, 'outliers'),
          })
    const density = await estimateDensity(operator, {
      probes: study.probes,
      steps: study.steps,
      stream: createStream(seed, 'density'),
      outliers,
    })
    const coordinates: Record<BandAxis, Coordinate> = {
      linear: { kind: 'linear' },
      asinh: { kind: 'asinh', scale: asinhScale(density) },
      'log+': { kind: 'log', sign: 1 },
      'log−': { kind: 'log', sign: -1 },
    }
    for (const axis of bandAxes) {
      const coordinate = coordinates[axis]
      const isLog = coordinate.kind === 'log'
      const curve = smoothDensity(density, {
        coordinate,
        level,
        ...(isLog
          ? { kernelDeviation: 0.05, range: [largest - decades, largest + 0.3] as const }
          : {}),
      })
      const truth = smoothDensity(exact, {
        coordinate,
        kernelDeviation: curve.kernelDeviation,
        range: [curve.u[0]!, curve.u.at(-1)!],
      }).density
      const peak = truth.reduce((most, y) => Math.max(most, y), 0)
      if (peak === 0) continue
      const isHeld = truth.map(
        (y, i) => curve.lower[i]! - rounding * peak <= y && y <= curve.upper[i]! + rounding * peak,
      )
      const visible = truth.flatMap((y, i) => (y >= visibleShare * peak ? [i] : []))
      const entry = shares.get(axis) ?? { all: [], visible: [], widths: [] }
      entry.all.push(mean(isHeld.map(Number)))
      entry.visible.push(mean(visible.map((i) => Number(isHeld[i]))))
      entry.widths.push(mean(visible.map((i) => (curve.upper[i]! - curve.lower[i]!) / truth[i]!)))
      shares.set(axis, entry)
    }
    // Shares below what no eigenvalue is near to.
    for (const quantile of [0.02, 0.25, 0.75, 0.98]) {
      const k = Math.floor(quantile * n)
      const threshold = (spectrum[k]! + spectrum[k + 1]!) / 2
      if (spectrum[k + 1]! - spectrum[k]! < rounding * 10 ** largest) continue
      note(`below its ${quantile} quantile`, massBelow(density, threshold, level), (k + 1) / n)
    }
    const zero = zeroMass(density, operator.space.epsilon, level)
    note('at zero', zero, mean(spectrum.map((x) => Number(Math.abs(x) < zero.threshold))))
    const negative = countNegative(density, operator.space.epsilon, level)
    note('negative', negative, spectrum.filter((x) => x < -zero.threshold).length)
  }
  return {
    axes: new Map(
      [...shares].map(([axis, { all, visible, widths }]) => [
        axis,
        { shares: all, visible, width: mean(widths) },
      ]),
    ),
    numbers: new Map([...held].map(([name, hits]) => [name, mean(hits)])),
  }
}
