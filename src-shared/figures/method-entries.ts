import type { MeasurementDocument } from '../schemas/index.ts'
import type { Definition } from './definitions.ts'
import { formatCount, formatDuration, formatNumber } from './format.ts'
import { matrixHeading, matrixSize } from './measured-matrix.ts'

const toleranceText = (tolerance: number): string =>
  `${formatNumber(tolerance, 3)} of |λ|, or of 1 % of the largest |λ| where that is more`

/** Next to a value inside the spectrum |λ| itself is no scale. */
const interiorToleranceText = (tolerance: number): string =>
  `${formatNumber(tolerance, 3)} of the largest |λ|`

/** What is to be said of a measurement, as sentences: a word begins with a capital, a symbol stays as it is. */
export const noteText = ({ note }: MeasurementDocument): string =>
  note.replace(/^[a-z](?=[a-z]{2})/, (letter) => letter.toUpperCase())

/** What a measurement cost, e.g. `64 Hessian-vector products in 401 ms`. */
export function costText({ cost, operator }: MeasurementDocument): string {
  const products = operator === 'hessian' ? 'Hessian-vector products' : 'matrix-vector products'
  return `${formatCount(cost.products)} ${products} in ${formatDuration(cost.elapsedMs)}`
}

/** How a measurement was made and what it cost. */
export function methodEntries(document: MeasurementDocument): Definition[] {
  const { parameterCount, split, tensors } = document
  const samples = formatCount(document.sampleCount)
  const size = matrixSize(document)
  return [
    { term: 'Matrix', value: matrixHeading(document) },
    ...(tensors === null || tensors.length <= 2
      ? []
      : [{ term: 'Tensors', value: tensors.join(', '), isCode: true }]),
    { term: 'Method', value: document.method },
    { term: 'Measured at', value: `step ${formatCount(document.step)}` },
    { term: 'Samples', value: split === 'training' ? samples : `${samples} to validate` },
    { term: 'Parameters', value: formatCount(parameterCount) },
    ...(size === parameterCount ? [] : [{ term: 'Order', value: formatCount(size) }]),
    { term: 'Seed', value: String(document.seed), isCode: true },
    { term: 'Cost', value: costText(document) },
    ...accuracyEntries(document),
    ...('fileName' in document && document.fileName !== null
      ? [{ term: 'File', value: document.fileName, isCode: true }]
      : []),
    ...(document.note === '' ? [] : [{ term: 'Note', value: noteText(document) }]),
  ]
}

const probesEntry = (probes: number, precision: number | null): Definition[] => [
  { term: 'Probes', value: formatCount(probes) },
  ...precisionEntry(precision),
]

const precisionEntry = (precision: number | null): Definition[] =>
  precision === null
    ? []
    : [{ term: 'Precision wanted', value: `s.e. of ${formatNumber(precision * 100, 3)} %` }]

const orthogonalityEntry = (loss: number): Definition => ({
  term: 'Loss of orthogonality',
  value: formatNumber(loss, 2),
})

function accuracyEntries(document: MeasurementDocument): Definition[] {
  switch (document.kind) {
    case 'trace':
    case 'diagonal':
      return probesEntry(document.probes, document.precision)
    case 'scalar':
      return precisionEntry(document.precision)
    case 'density':
      return [
        { term: 'Sum of weights', value: formatNumber(document.weightSum, 12) },
        ...(document.orthogonalityLoss === null
          ? []
          : [orthogonalityEntry(document.orthogonalityLoss)]),
      ]
    case 'evolution':
      return [
        { term: 'Tolerance', value: toleranceText(document.tolerance) },
        { term: 'Leading space', value: `${formatCount(document.dimension)} eigenvectors` },
      ]
    case 'dense':
      return [
        { term: 'Asymmetry', value: `${formatNumber(document.asymmetry, 2)} of the largest entry` },
      ]
    case 'eigenpairs':
      return [
        { term: 'Tolerance', value: toleranceText(document.tolerance) },
        { term: 'Block size', value: formatCount(document.blockSize) },
        orthogonalityEntry(document.orthogonalityLoss),
      ]
    case 'interior':
      return [
        { term: 'Tolerance', value: interiorToleranceText(document.tolerance) },
        orthogonalityEntry(document.orthogonalityLoss),
      ]
  }
}
