import type {
  DensityDocument,
  EigenpairsDocument,
  MeasurementDocument,
  MetricRow,
  RunDetail,
  TraceDocument,
} from '../schemas/index.ts'
import {
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatToUncertainty,
  formatWithUncertainty,
} from './format.ts'

/** One of the numbers a run is known by. */
export interface HeadlineNumber {
  readonly label: string
  readonly value: string
  /** A word about it, e.g. how sure it is; may be empty. */
  readonly note: string
}

/** The last document of each kind: what a page shows when a kind was measured twice. */
export function latestDocuments(documents: readonly MeasurementDocument[]): {
  readonly eigenpairs: EigenpairsDocument | null
  readonly trace: TraceDocument | null
  readonly density: DensityDocument | null
} {
  return {
    eigenpairs: documents.findLast((document) => document.kind === 'eigenpairs') ?? null,
    trace: documents.findLast((document) => document.kind === 'trace') ?? null,
    density: documents.findLast((document) => document.kind === 'density') ?? null,
  }
}

/** The numbers at the top of a run's page and of its report. */
export function headlineNumbers(
  detail: Pick<RunDetail, 'parameterCount' | 'measurements'>,
  last: MetricRow | null,
): HeadlineNumber[] {
  const { eigenpairs, trace } = latestDocuments(detail.measurements)
  const numbers: HeadlineNumber[] = []
  const add = (label: string, value: string, note = ''): void => {
    numbers.push({ label, value, note })
  }
  if (detail.parameterCount !== null) add('Parameters n', formatCount(detail.parameterCount))
  if (last !== null) {
    const { validationAccuracy, validationLoss } = last
    add('Training loss', formatNumber(last.trainLoss), `step ${formatCount(last.step)}`)
    if (validationLoss !== null) add('Validation loss', formatNumber(validationLoss))
    if (validationAccuracy !== null) add('Validation accuracy', formatPercent(validationAccuracy))
  }
  const largest = eigenpairs?.top[0]
  const smallest = eigenpairs?.bottom[0]
  if (largest !== undefined) add('λmax', ...eigenvalue(largest))
  if (smallest !== undefined) add('λmin', ...eigenvalue(smallest))
  if (trace !== null) {
    add(
      'tr H',
      formatWithUncertainty(trace.value, trace.standardError),
      `1 s.e. over ${formatCount(trace.probes)} probes`,
    )
  }
  if (last !== null) add('Training time', formatDuration(last.elapsedMs))
  return numbers
}

const eigenvalue = ({ value, residual }: { value: number; residual: number }): [string, string] => [
  formatToUncertainty(value, residual),
  `residual ${formatNumber(residual, 2)}`,
]
