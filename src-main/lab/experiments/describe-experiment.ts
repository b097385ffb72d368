import type { DataCard, ExperimentSpec } from '#shared/schemas'
import { loadData } from './data.ts'
import { modelOfSpec } from './model-of-spec.ts'

/** What an experiment would work on. */
export interface ExperimentDescription {
  readonly dataCard: DataCard
  /** e.g. `mlp 64-32-32-10`. */
  readonly modelLabel: string
  readonly parameterCount: number
}

/**
 * Loads the data of a spec and builds its network, as a run would, and says what they are.
 *
 * @param resourcesFolder - Holds `data/` with the data sets that are shipped.
 * @throws What a run of the spec would throw before training.
 */
export async function describeExperiment(
  spec: ExperimentSpec,
  seed: number,
  resourcesFolder: string,
): Promise<ExperimentDescription> {
  const data = await loadData(spec.data, seed, spec.train.loss, resourcesFolder)
  const model = modelOfSpec(spec, data)
  return { dataCard: data.card, modelLabel: model.label, parameterCount: model.layout.size }
}
