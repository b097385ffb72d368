import { createStream, InputError } from '#base'
import {
  heldOutCount,
  loadDigits,
  loadMnist,
  loadSamplesFile,
  loadText,
  sampleGaussianMixture,
  sampleTeacherStudent,
  splitSamples,
  standardize,
  summarizeSamples,
  type Samples,
  type SplitSamples,
} from '#learn/datasets'
import type { DataCard, DataSpec, LossKind } from '#shared/schemas'

/** What an experiment trains and is measured on. */
export interface ExperimentData {
  readonly train: Samples
  readonly validation: Samples | null
  readonly card: DataCard
}

/** Where the samples come from, in words. */
function sourceOf(spec: DataSpec): string {
  switch (spec.kind) {
    case 'digits':
      return 'UCI optical handwritten digits, pixels / 16'
    case 'mnist':
      return 'MNIST, first 10,000 training digits, pixels / 255'
    case 'text':
      return 'King James Bible, next byte'
    case 'gaussian-mixture':
    case 'teacher-student':
      return 'drawn from the seed'
    case 'file':
      return spec.path
  }
}

async function loadTextParts(
  spec: Extract<DataSpec, { kind: 'text' }>,
  seed: number,
  folder: string,
): Promise<SplitSamples> {
  const { context, samples, validationFraction } = spec
  const heldOut = heldOutCount(samples, validationFraction)
  const load = (part: 'train' | 'validation', count: number) =>
    loadText(folder, { context, samples: count, part, stream: createStream(seed, 'data', part) })
  return {
    train: await load('train', samples - heldOut),
    validation: heldOut === 0 ? null : await load('validation', heldOut),
  }
}

async function loadSplit(spec: DataSpec, seed: number, folder: string): Promise<SplitSamples> {
  const split = (samples: Samples) =>
    splitSamples(samples, spec.validationFraction, createStream(seed, 'data', 'split'))
  switch (spec.kind) {
    case 'digits':
      return split(await loadDigits(`${folder}/data/digits-8x8`))
    case 'mnist':
      return split(await loadMnist(`${folder}/data/mnist-10k`, spec.samples))
    case 'text':
      return loadTextParts(spec, seed, `${folder}/data/kjv-text`)
    case 'gaussian-mixture':
      return split(sampleGaussianMixture(spec, createStream(seed, 'data', 'mixture')))
    case 'teacher-student':
      return split(sampleTeacherStudent(spec, createStream(seed, 'data', 'teacher-student')))
    case 'file': {
      const parts = split(await loadSamplesFile(spec.path, spec))
      return spec.standardize ? standardize(parts) : parts
    }
  }
}

/** Gives an error about an option its place in the spec. */
function placeError(error: unknown, spec: DataSpec): unknown {
  if (!(error instanceof InputError) || !Object.hasOwn(spec, error.subject)) return error
  return new InputError(`data.${error.subject}`, `data.${error.message}`, { cause: error })
}

/**
 * The samples a spec asks for, split and standardized.
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
  let parts: SplitSamples
  try {
    parts = await loadSplit(spec, seed, resourcesFolder)
  } catch (error) {
    throw placeError(error, spec)
  }
  const { train, validation } = parts
  if (loss === 'cross-entropy' && train.targets.kind === 'values') {
    const problem = `must be squared-error for regression data (${spec.kind}), got ${loss}`
    throw new InputError('train.loss', `train.loss ${problem}`)
  }
  return {
    train,
    validation,
    card: { kind: spec.kind, source: sourceOf(spec), ...(await summarizeSamples(parts)) },
  }
}
