import type { Eigenpair, EigenpairsDocument, MeasurementDocument } from '../schemas/index.ts'
import { formatCount, formatNumber, formatToUncertainty } from './format.ts'
import { matrixSymbol, matrixText } from './measured-matrix.ts'
import { measuredValues } from './measured-values.ts'
import { measurementChecks } from './measurement-checks.ts'
import { alarmOf } from './status-words.ts'

/**
 * A measurement in one line: what must not be missed first, then its values with their uncertainties, then what is to be said of
 * them, its method and cost.
 *
 * For a trace: 'tr H = 37.3 ± 0.9 · Hutchinson, Rademacher probes · 64 products'.
 */
export function measurementText(document: MeasurementDocument): string {
  const alarm = alarmOf(document.status)
  const broken = measurementChecks(document).filter(({ holds }) => !holds)
  return [
    ...(alarm === null ? [] : [`${alarm.shape} ${alarm.word.toUpperCase()}`]),
    ...broken.map(({ title }) => `✕ ${title}`),
    ...(matrixText(document) === matrixSymbol(document) ? [] : [matrixText(document)]),
    valuesText(document),
    ...(document.note === '' ? [] : [document.note.replace(/\.$/, '')]),
    document.method,
    `${formatCount(document.cost.products)} products`,
  ].join(' · ')
}

/** What it is a measurement of, short enough to begin a line, e.g. `trace of G, step 100`; a block is told in the text. */
export function measurementLabel(document: MeasurementDocument, hasStep = false): string {
  const kind = document.kind === 'scalar' ? document.quantity : document.kind
  const name = document.operator === 'hessian' ? kind : `${kind} of ${matrixSymbol(document)}`
  return hasStep ? `${name}, step ${formatCount(document.step)}` : name
}

/** The values alone, e.g. `tr H = 37.3 ± 0.9`. */
export function valuesText(document: MeasurementDocument): string {
  if (document.kind === 'eigenpairs') return eigenvaluesText(document)
  if (document.kind === 'interior') {
    const { pairs, target } = document
    return `nearest ${formatNumber(target)}: ${pairs.length === 0 ? 'none' : listed(pairs) + residualsText(pairs)}`
  }
  const values = measuredValues(document)
  return values.length === 0
    ? 'nothing found'
    : values.map(({ label, value }) => `${label} = ${value}`).join('; ')
}

/** Values to no more digits than their residuals leave standing. */
const listed = (pairs: readonly Eigenpair[]): string =>
  pairs.map(({ value, residual }) => formatToUncertainty(value, residual, 4)).join(', ')

const residualsText = (pairs: readonly Eigenpair[]): string =>
  pairs.length === 0
    ? ''
    : ` (residuals ≤ ${formatNumber(Math.max(...pairs.map(({ residual }) => residual)), 2)})`

function eigenvaluesText({ top, bottom }: EigenpairsDocument): string {
  const ends = [
    ...(top.length > 0 ? [`top ${listed(top)}`] : []),
    ...(bottom.length > 0 ? [`bottom ${listed(bottom)}`] : []),
  ].join('; ')
  return ends + residualsText([...top, ...bottom])
}
