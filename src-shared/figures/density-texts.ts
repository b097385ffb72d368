import type { DensityDocument } from '../schemas/index.ts'
import type { DensityAxis, PlacedDensity } from './density-curves.ts'
import { formatCount, formatNumber } from './format.ts'
import { matrixPhrase, matrixSize } from './measured-matrix.ts'
import { formatLevel } from './measured-values.ts'
import { measurementChecks } from './measurement-checks.ts'
import { alarmOf } from './status-words.ts'

/** What the caption of a density has to tell besides the document. */
export interface DensityCaption {
  readonly axis: DensityAxis
  readonly placed: PlacedDensity
  /** Extreme eigenvalues at the foot; those that did not converge are no eigenvalues and are left out. */
  readonly marks: { readonly hasRug: boolean; readonly isComplete: boolean }
  /** Wasserstein-1 distance to the exact spectrum; null where that is not known. */
  readonly distance: number | null
}

/** One sentence: of which matrix, how, under which kernel, and what bands and strokes are. */
export function densityCaption(document: DensityDocument, about: DensityCaption): string {
  const { placed, marks, distance } = about
  const atoms = document.atoms.length
  return (
    [
      `Density of the ${formatCount(matrixSize(document))} eigenvalues of the ${matrixPhrase(document)} at step ` +
        `${formatCount(document.step)} by stochastic Lanczos quadrature (${String(document.probes)} probes, ` +
        `${String(document.steps)} steps each), smoothed by a Gaussian kernel of standard deviation ` +
        placed.kernelText,
      bandText(document.level),
      ...(distance === null
        ? []
        : [
            `the dashed line is the exact spectrum under the same kernel, at a Wasserstein-1 distance of ${formatNumber(distance, 2)} from the estimate`,
          ]),
      ...resamplingText(document, about.axis),
      ...(atoms === 0
        ? []
        : [
            `long strokes mark ${formatCount(atoms)} eigenvalues that were found first, each of weight 1/${formatCount(matrixSize(document))}`,
          ]),
      ...(marks.hasRug
        ? [
            `strokes at the foot mark the extreme eigenvalues${marks.isComplete ? '' : ' that converged'}`,
          ]
        : []),
      ...(placed.omission === '' ? [] : [placed.omission]),
    ].join('; ') + '.'
  )
}

const bandText = (level: number | null): string =>
  level === null
    ? 'the band is the mean ± 2 standard errors over probes'
    : `the band holds the density under this kernel at each point with a probability of ${formatLevel(level)}, over probes and for want of steps`

function resamplingText({ resampling }: DensityDocument, axis: DensityAxis): string[] {
  if (resampling === null) return []
  return axis === 'linear'
    ? [
        `the lighter band is that of probes and data together, from ${formatCount(resampling.groups)} groups of samples left out in turn`,
      ]
    : ['the band over data is drawn on the linear axis only']
}

/** What a person who cannot see the density should be told. */
export function densityDescription(
  document: DensityDocument,
  values: readonly number[],
  marked: number,
): string {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  const extremes = marked === 0 ? '' : ` ${formatCount(marked)} extreme eigenvalues are marked.`
  return `Spectral density of the ${matrixPhrase(document)}; its support reaches from ${formatNumber(low)} to ${formatNumber(high)}.${extremes}`
}

/** Why a density must not be taken as it is; null where it can. */
export function densityWarning(document: DensityDocument): string | null {
  const alarm = alarmOf(document.status)
  const broken = measurementChecks(document).filter(({ holds }) => !holds)
  const words = [...(alarm === null ? [] : [alarm.word]), ...broken.map(({ title }) => title)]
  return words.length === 0 ? null : `${words.join('. ')}.`
}
