import type { MeasurementDocument, MetricRow, RunDetail } from '../schemas/index.ts'
import { formatCount, formatDuration, formatNumber, formatPercent } from './format.ts'
import { documentsOf, latestOf, matrixGroups } from './matrix-groups.ts'
import { isWholeHessian, matrixSymbol } from './measured-matrix.ts'
import { measuredValues } from './measured-values.ts'
import { alarmOf, type StatusWord } from './status-words.ts'

/** One of the numbers a run is known by. */
export interface HeadlineNumber {
  readonly label: string
  readonly value: string
  /** A word about it, e.g. how sure it is; may be empty. */
  readonly note: string
  /** The status that goes with the number wherever it is shown; null where it can be taken as it is. */
  readonly alarm: StatusWord | null
}

/** The numbers at the top of a run's page and of its report. */
export function headlineNumbers(
  detail: Pick<RunDetail, 'parameterCount' | 'measurements'>,
  last: MetricRow | null,
): HeadlineNumber[] {
  const numbers: HeadlineNumber[] = []
  const add = (label: string, value: string, note = ''): void => {
    numbers.push({ label, value, note, alarm: null })
  }
  if (detail.parameterCount !== null) add('Parameters n', formatCount(detail.parameterCount))
  if (last !== null) {
    const { validationAccuracy, validationLoss } = last
    add('Training loss', formatNumber(last.trainLoss), `step ${formatCount(last.step)}`)
    if (validationLoss !== null) add('Validation loss', formatNumber(validationLoss))
    if (validationAccuracy !== null) add('Validation accuracy', formatPercent(validationAccuracy))
  }
  numbers.push(...spectrumNumbers(detail.measurements))
  if (last !== null) add('Training time', formatDuration(last.elapsedMs))
  return numbers
}

/** What the latest measurements of whole matrices on the training data say, the Hessian first. */
function spectrumNumbers(documents: readonly MeasurementDocument[]): HeadlineNumber[] {
  const whole = documents.filter(({ split, tensors }) => split === 'training' && tensors === null)
  return matrixGroups(whole).flatMap((group) => {
    const extremes =
      latestOf(documentsOf(group.documents, 'eigenpairs')) ??
      latestOf(documentsOf(group.documents, 'dense'))
    const scalars = Map.groupBy(documentsOf(group.documents, 'scalar'), ({ quantity }) => quantity)
    const shown = [
      extremes,
      latestOf(documentsOf(group.documents, 'trace')),
      ...[...scalars.values()].map(latestOf),
    ]
    return shown.flatMap((document) => (document === null ? [] : numbersOf(document)))
  })
}

function numbersOf(document: MeasurementDocument): HeadlineNumber[] {
  const symbol = matrixSymbol(document)
  const values = measuredValues(document)
  // The trace of a dense matrix is no news beside its ends.
  return (document.kind === 'dense' ? values.slice(0, 2) : values).map(({ label, ...rest }) => ({
    label: isWholeHessian(document) || label.includes(symbol) ? label : `${label} of ${symbol}`,
    ...rest,
    alarm: alarmOf(document.status),
  }))
}
