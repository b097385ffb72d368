import { createId, isoNow } from '#base'
import type { ExperimentSpec, RunDetail, RunSummary } from '#shared/schemas'
import { initialProgress } from './runs.ts'

/** A run that nobody has worked on yet. */
export function newSummary(spec: ExperimentSpec, seed: number): RunSummary {
  return {
    id: createId(),
    name: spec.name,
    status: 'queued',
    seed,
    dataKind: spec.data.kind,
    // Until it is prepared a run does not know its input and output widths.
    modelLabel: modelLabel(spec),
    createdAt: isoNow(),
    startedAt: null,
    endedAt: null,
    attempt: 0,
    progress: initialProgress,
    lastMetrics: null,
    topEigenvalue: null,
    error: null,
  }
}

function modelLabel({ model }: ExperimentSpec): string {
  if (model.kind !== 'mlp') return model.kind
  return model.hidden.length === 0 ? 'linear' : `mlp ${model.hidden.join('-')}`
}

/** Everything about a run that nobody has worked on yet. */
export const newDetail = (summary: RunSummary, spec: ExperimentSpec): RunDetail => ({
  summary,
  spec,
  provenance: null,
  dataCard: null,
  parameterCount: null,
  trainingEnd: null,
  measurements: [],
  artifacts: [],
})
