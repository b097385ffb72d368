import {
  experimentSchema,
  type DataCard,
  type ExperimentInput,
  type RunDetail,
  type RunStatus,
  type RunSummary,
} from '#shared/schemas'
import type { RecordedRun } from '../../../src-renderer/backend/recorded.ts'
import { makeDensity, makeEigenpairs, makeTrace } from './make-measurements.ts'
import { makeMetrics, withoutObservations } from './make-metrics.ts'

export interface RunOptions {
  readonly id: string
  readonly name?: string
  readonly status?: RunStatus
  readonly seed?: number
  readonly spec?: ExperimentInput
  /** Rows of metrics recorded. */
  readonly rows?: number
  readonly measured?: 0 | 1 | 2 | 3
  readonly summary?: Partial<RunSummary>
  readonly detail?: Partial<RunDetail>
  /** Whether its steps were not observed, as by earlier versions. */
  readonly isOld?: boolean
}

const provenance = {
  seed: 0,
  specHash: 'b1946ac92492d2347c6235b4d2611184c7a2b1f0a1de6a2f5f4e6f1b5d0c9a77',
  appVersion: '0.1.0',
  gitCommit: '8acedbc41f0f7f6b0a6f3f1f5ad7f8dd92a0c3e1',
  gitDirty: false,
  versions: { node: '24.21.0', 'onnxruntime-node': '1.30.0' },
  platform: 'linux x64',
  cpu: 'AMD EPYC 7B13',
  threads: 4,
  memoryBytes: 33_658_077_184,
  device: 'cpu',
  runtime: 'onnxruntime 1.30.0, 4 threads',
}

const dataCard: DataCard = {
  kind: 'digits',
  source: 'UCI optical handwritten digits (resources/data/digits-8x8)',
  trainCount: 1_438,
  validationCount: 359,
  featureCount: 64,
  outputCount: 10,
  classCounts: [142, 146, 141, 147, 145, 146, 145, 143, 140, 143],
  featureMean: 0.305,
  featureDeviation: 0.376,
  featureShape: [1, 8, 8],
  vocabulary: null,
  sequenceLength: null,
  bytesPerToken: null,
  classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  channelMeans: [0.305],
  channelDeviations: [0.376],
  intrinsicDimension: {
    twoNearestNeighbours: { value: 8.94, lower: 8.49, upper: 9.43 },
    levinaBickel: 8.31,
    participationRatio: 13.2,
    curvature: null,
    samples: 1_438,
  },
}

/** A card of text, which has no moments. */
export const textCard: DataCard = {
  ...dataCard,
  kind: 'text',
  source: 'King James Bible (resources/data/bible)',
  trainCount: 412_000,
  validationCount: 45_800,
  featureCount: 64,
  outputCount: 8_192,
  classCounts: null,
  featureMean: null,
  featureDeviation: null,
  featureShape: null,
  vocabulary: 8_192,
  sequenceLength: 64,
  bytesPerToken: 4.37,
  classNames: null,
  channelMeans: null,
  channelDeviations: null,
  intrinsicDimension: null,
}

/** A card as versions recorded it that knew less of data. */
export const oldCard: DataCard = {
  ...dataCard,
  featureShape: null,
  classNames: null,
  channelMeans: null,
  channelDeviations: null,
  intrinsicDimension: null,
}

function artifactsOf(runId: string): RunDetail['artifacts'] {
  const file = (id: string, kind: 'checkpoint' | 'weights', name: string, step: number) => ({
    id: `${runId}-${id}`,
    runId,
    kind,
    fileName: name,
    sizeBytes: 41_812,
    sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    createdAt: '2026-01-31T14:06:40.000Z',
    step,
  })
  return [
    file('a', 'checkpoint', 'checkpoint-000000800-e3b0c442.safetensors', 800),
    file('b', 'weights', 'weights-000000920-e3b0c442.safetensors', 920),
  ]
}

/** A run as an engine would tell it; finished and fully measured unless told otherwise. */
export function makeRun(options: RunOptions): RecordedRun {
  const status = options.status ?? 'finished'
  const isFresh = status === 'queued'
  const recorded = isFresh ? [] : makeMetrics(options.seed ?? 0, options.rows ?? 38)
  const metrics = options.isOld === true ? withoutObservations(recorded) : recorded
  const spec = experimentSchema.parse({ name: options.name ?? 'Digits, tanh', ...options.spec })
  const measurements = [makeEigenpairs(), makeTrace(), makeDensity()].slice(
    0,
    options.measured ?? (status === 'finished' ? 3 : 0),
  )
  const isOver = status !== 'queued' && status !== 'running'
  const summary: RunSummary = {
    id: options.id,
    name: spec.name,
    status,
    seed: options.seed ?? 0,
    dataKind: spec.data.kind,
    modelLabel: 'mlp 64-32-32-10',
    createdAt: '2026-01-31T14:05:00.000Z',
    startedAt: isFresh ? null : '2026-01-31T14:05:01.000Z',
    endedAt: isOver ? '2026-01-31T14:05:08.400Z' : null,
    attempt: isFresh ? 0 : 1,
    progress: { phase: 'done', label: 'done', done: 920, total: 920, etaMs: 0 },
    lastMetrics: metrics.at(-1) ?? null,
    topEigenvalue: measurements.length > 0 ? 4.218_5 : null,
    error: null,
    ...options.summary,
  }
  return {
    detail: {
      summary,
      spec,
      provenance: isFresh ? null : { ...provenance, seed: summary.seed },
      dataCard: isFresh ? null : dataCard,
      parameterCount: isFresh ? null : 3_466,
      trainingEnd: status === 'finished' ? { step: 920, reason: 'epochs' } : null,
      measurements,
      artifacts: isFresh ? [] : artifactsOf(options.id),
      ...options.detail,
    },
    metrics,
  }
}
