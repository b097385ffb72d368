import {
  alarmOf,
  formatCount,
  measurementLabel,
  measurementText,
  trainingEndText,
} from '#shared/figures'
import type { RunDetail, RunSummary } from '#shared/schemas'
import { formatDuration, formatNumber, formatTable } from './table.ts'

/** Runs as a table. */
export const runTable = (runs: readonly RunSummary[]): string =>
  formatTable(
    [
      'id',
      'name',
      'status',
      'seed',
      'data',
      'model',
      'step',
      'loss',
      'accuracy',
      'λ max',
      'created',
    ],
    runs.map((run) => [
      run.id,
      run.name.length > 32 ? `${run.name.slice(0, 31)}…` : run.name,
      run.status,
      String(run.seed),
      run.dataKind,
      run.modelLabel,
      formatNumber(run.lastMetrics?.step),
      formatNumber(run.lastMetrics?.trainLoss),
      formatNumber(run.lastMetrics?.validationAccuracy ?? run.lastMetrics?.trainAccuracy),
      formatNumber(run.topEigenvalue),
      run.createdAt.slice(0, 16).replace('T', ' '),
    ]),
  )

/** All about a run that fits on a page. */
export function describeRun(detail: RunDetail): string {
  const { summary, spec, dataCard, provenance } = detail
  const last = summary.lastMetrics
  const lines: [string, string][] = [
    ['run', summary.id],
    ['name', summary.name],
    [
      'status',
      summary.error === null ? summary.status : `${summary.status}: ${summary.error.message}`,
    ],
    ['seed', String(summary.seed)],
    ['model', `${summary.modelLabel}, ${spec.model.activation}`],
    ['parameters', detail.parameterCount === null ? '–' : formatCount(detail.parameterCount)],
    [
      'data',
      dataCard === null
        ? summary.dataKind
        : `${dataCard.kind}, ${formatCount(dataCard.trainCount)} to train, ${formatCount(dataCard.validationCount)} to validate`,
    ],
    [
      'training',
      `${spec.train.optimizer.kind}, ${spec.train.loss}, ${String(spec.train.epochs)} epochs of batches of ${String(spec.train.batchSize)}`,
    ],
  ]
  if (last !== null) {
    lines.push(['step', `${String(last.step)} in ${formatDuration(last.elapsedMs)}`])
    lines.push([
      'loss',
      `${formatNumber(last.trainLoss)} training, ${formatNumber(last.validationLoss)} validation`,
    ])
  }
  if (last?.trainAccuracy != null) {
    const { trainAccuracy, validationAccuracy } = last
    lines.push([
      'accuracy',
      `${formatNumber(trainAccuracy)} training, ${formatNumber(validationAccuracy)} validation`,
    ])
  }
  if (detail.trainingEnd !== null) lines.push(['end', trainingEndText(detail.trainingEnd)])
  lines.push(...measurementLines(detail))
  lines.push(...fileLines(detail))
  if (provenance !== null) {
    lines.push([
      'made by',
      `saddle ${provenance.appVersion}, ${provenance.runtime}, ${provenance.cpu}`,
    ])
  }
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n')
}

/** The measurements of a run: of one made at snapshots the last, and how many there are before. */
function measurementLines({ measurements }: RunDetail): [string, string][] {
  const byIndex = [...Map.groupBy(measurements, ({ index }) => index).values()]
  return byIndex.flatMap<[string, string]>((documents) => {
    const last = documents.at(-1)
    if (last === undefined) return []
    const text = measurementText(last)
    if (documents.length === 1) return [[measurementLabel(last), text]]
    const before = documents.slice(0, -1)
    const doubtful = before.filter(({ status }) => alarmOf(status) !== null).length
    const doubt = doubtful === 0 ? '' : `, ${formatCount(doubtful)} not to be taken as they are`
    const more = ` · ${formatCount(before.length)} snapshots before${doubt}`
    return [[measurementLabel(last, true), `${text}${more}`]]
  })
}

/** The files of a run: of each kind the last, and how many more there are. */
function fileLines({ artifacts }: RunDetail): [string, string][] {
  const kinds = [...new Set(artifacts.map(({ kind }) => kind))]
  return kinds.map((kind) => {
    const files = artifacts.filter((artifact) => artifact.kind === kind)
    const last = files.at(-1)
    const more = files.length === 1 ? '' : `, and ${formatCount(files.length - 1)} before`
    return [kind, last === undefined ? '' : `${last.fileName} (${last.id})${more}`]
  })
}
