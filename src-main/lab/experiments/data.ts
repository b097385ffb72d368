import { InputError } from '#base'
import { summarizeSamples, type Samples } from '#learn/datasets'
import type { DataCard, DataSpec, LossKind } from '#shared/schemas'
import { loadSource, type LoadedData } from './data-sources.ts'

/** What an experiment trains and is measured on. */
export interface ExperimentData {
  readonly train: Samples
  readonly validation: Samples | null
  readonly card: DataCard
}

/** Gives an error about an option its place in the spec. */
function placeError(error: unknown, spec: DataSpec): unknown {
  if (!(error instanceof InputError) || !Object.hasOwn(spec, error.subject)) return error
  return new InputError(`data.${error.subject}`, `data.${error.message}`, { cause: error })
}

/**
 * The samples a spec asks for, split and standardized, with their card.
 *
 * Deterministic: equal spec and seed give equal bytes.
 *
 * @param resourcesFolder - Holds `data/` with the data sets that are shipped.
 * @throws InputError naming the key and what it may be, if the spec cannot be met: no row left to
 *   train on, cross-entropy on regression data, more samples than there are.
 * @throws MissingFileError, FormatError or ShapeError if a file is not what it should be.
 */
export async function loadData(
  spec: DataSpec,
  seed: number,
  loss: LossKind,
  resourcesFolder: string,
): Promise<ExperimentData> {
  let data: LoadedData
  try {
    data = await loadSource(spec, { seed, shipped: `${resourcesFolder}/data` })
  } catch (error) {
    throw placeError(error, spec)
  }
  const { train, validation } = data
  if (loss === 'cross-entropy' && train.targets.kind === 'values') {
    const problem = `must be squared-error for regression data (${spec.kind}), got ${loss}`
    throw new InputError('train.loss', `train.loss ${problem}`)
  }
  const { source, classNames = null, bytesPerToken = null } = data
  const summary = await summarizeSamples(data, { classNames, bytesPerToken })
  return { train, validation, card: { kind: spec.kind, source, ...summary } }
}
