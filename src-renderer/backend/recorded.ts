import { shallowRef } from 'vue'
import type {
  Client,
  EngineDescription,
  EventName,
  Events,
  ExperimentDescription,
  MethodName,
} from '#shared/contract'
import { methods } from '#shared/contract'
import { ApiError } from '#shared/errors'
import {
  experimentSchema,
  type ExperimentSpec,
  type MetricRow,
  type RunDetail,
  type RunSummary,
} from '#shared/schemas'
import type { Backend, BackendStatus } from './backend.ts'

/** One run as an engine would tell it. */
export interface RecordedRun {
  readonly detail: RunDetail
  readonly metrics: readonly MetricRow[]
}

/** What a recorded engine knows. Plain JSON. */
export interface Recording {
  readonly engine: EngineDescription
  readonly runs: readonly RecordedRun[]
}

/** A backend that can be made to say things, for tests and the gallery. */
export interface RecordedBackend extends Backend {
  emit<E extends EventName>(event: E, payload: Events[E]): void
  setStatus(status: BackendStatus): void
  /** Every call so far, oldest first. */
  readonly calls: readonly { readonly method: MethodName; readonly args: unknown }[]
}

type AnyListener = (payload: unknown) => void

/** Plays an engine from a recording: every page works with no server. */
export function createRecordedBackend(recording: Recording): RecordedBackend {
  const status = shallowRef<BackendStatus>('open')
  const reopened = new Set<() => void>()
  const listeners = new Map<EventName, Set<AnyListener>>()
  const calls: { method: MethodName; args: unknown }[] = []
  const runs = new Map(recording.runs.map((run) => [run.detail.summary.id, run]))

  const emit = <E extends EventName>(event: E, payload: Events[E]): void => {
    for (const listener of listeners.get(event) ?? []) listener(payload)
  }
  const answers = answersOf(recording, runs, (summary) => emit('runs.changed', summary))

  const client: Client = {
    call: async (method, args) => {
      calls.push({ method, args })
      await Promise.resolve()
      if (status.value !== 'open') {
        throw new ApiError('engine-unreachable', 'the engine does not answer')
      }
      const answer = answers[method] as (given: unknown) => never
      return answer(methods[method].args.parse(args))
    },
    on(event, listener) {
      const group = listeners.get(event) ?? new Set()
      listeners.set(event, group.add(listener as AnyListener))
      return () => group.delete(listener as AnyListener)
    },
    close: () => {},
  }

  return {
    status,
    client,
    calls,
    emit,
    setStatus(next) {
      const wasOpen = status.value === 'open'
      status.value = next
      if (next === 'open' && !wasOpen) for (const listener of reopened) listener()
    },
    onReopen(listener) {
      reopened.add(listener)
      return () => reopened.delete(listener)
    },
    artifactUrl: (artifactId) => `/artifacts/${encodeURIComponent(artifactId)}`,
    dispose: () => listeners.clear(),
  }
}

interface RunArgs {
  readonly runId: string
}

function answersOf(
  recording: Recording,
  runs: Map<string, RecordedRun>,
  announce: (summary: RunSummary) => void,
): Record<MethodName, (args: never) => unknown> {
  const find = ({ runId }: RunArgs): RecordedRun => {
    const run = runs.get(runId)
    if (run === undefined) throw new ApiError('run-not-found', `no run has the id ${runId}`)
    return run
  }
  const restate = (args: RunArgs, status: RunSummary['status']): RunSummary => {
    const run = find(args)
    const summary: RunSummary = { ...run.detail.summary, status, error: null }
    runs.set(args.runId, { ...run, detail: { ...run.detail, summary } })
    announce(summary)
    return summary
  }
  return {
    'engine.describe': () => recording.engine,
    'experiments.describe': ({ spec }: { spec: unknown }) => describedExperiment(parseSpec(spec)),
    'runs.list': (args: { limit: number; offset: number; status?: string; text?: string }) => {
      const text = args.text?.toLowerCase() ?? ''
      const matching = [...runs.values()]
        .map(({ detail }) => detail.summary)
        .filter((run) => args.status === undefined || run.status === args.status)
        .filter((run) =>
          [run.name, run.dataKind, run.modelLabel].some((part) =>
            part.toLowerCase().includes(text),
          ),
        )
        .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
      return {
        runs: matching.slice(args.offset, args.offset + args.limit),
        total: matching.length,
      }
    },
    'runs.create': ({ spec }: { spec: unknown }) => {
      const parsed = parseSpec(spec)
      const created = parsed.seeds.map((seed, i) => {
        const detail = queuedDetail(parsed, seed, `new-${String(runs.size + i)}`)
        runs.set(detail.summary.id, { detail, metrics: [] })
        announce(detail.summary)
        return detail.summary
      })
      return { runs: created }
    },
    'runs.get': (args: RunArgs) => find(args).detail,
    'runs.metrics': (args: RunArgs & { afterStep: number }) => ({
      rows: find(args).metrics.filter(({ step }) => step > args.afterStep),
    }),
    'runs.cancel': (args: RunArgs) => restate(args, 'cancelled'),
    'runs.resume': (args: RunArgs) => restate(args, 'queued'),
    'runs.delete': (args: RunArgs) => {
      find(args)
      runs.delete(args.runId)
      return {}
    },
    'reports.create': (args: RunArgs) => ({
      id: `report-${args.runId}`,
      runId: find(args).detail.summary.id,
      kind: 'report',
      fileName: 'report.html',
      sizeBytes: 48_211,
      sha256: '5f'.repeat(32),
      createdAt: '2026-01-31T14:09:00.000Z',
      step: null,
    }),
  }
}

function parseSpec(spec: unknown): ExperimentSpec {
  const parsed = experimentSchema.safeParse(spec)
  if (!parsed.success) throw new ApiError('invalid-spec', 'the spec is wrong')
  return parsed.data
}

/** The digits and the default network, whatever was asked for. */
const describedExperiment = ({ data, model }: ExperimentSpec): ExperimentDescription => ({
  dataCard: {
    kind: data.kind,
    source: 'UCI optical handwritten digits, pixels / 16',
    trainCount: 1_438,
    validationCount: 359,
    featureCount: 64,
    outputCount: 10,
    classCounts: [143, 146, 138, 155, 148, 148, 136, 143, 131, 150],
    featureMean: 0.3053,
    featureDeviation: 0.3761,
    featureShape: [64],
    vocabulary: null,
    sequenceLength: null,
    bytesPerToken: null,
    classNames: null,
    channelMeans: null,
    channelDeviations: null,
    intrinsicDimension: null,
  },
  modelLabel: `${model.kind} 64-32-32-10`,
  parameterCount: 3_466,
})

function queuedDetail(spec: RunDetail['spec'], seed: number, id: string): RunDetail {
  return {
    summary: {
      id,
      name: spec.name,
      status: 'queued',
      seed,
      dataKind: spec.data.kind,
      modelLabel: spec.model.kind,
      createdAt: '2026-02-01T00:00:00.000Z',
      startedAt: null,
      endedAt: null,
      attempt: 0,
      progress: { phase: 'waiting', label: 'waiting', done: 0, total: 0, etaMs: null },
      lastMetrics: null,
      topEigenvalue: null,
      error: null,
    },
    spec,
    provenance: null,
    dataCard: null,
    parameterCount: null,
    trainingEnd: null,
    measurements: [],
    artifacts: [],
  }
}
