import { createStream, InputError } from '#base'
import {
  countClasses,
  loadDigits,
  loadMnist,
  loadSamplesFile,
  loadText,
  measureScale,
  sampleGaussianMixture,
  sampleTeacherStudent,
  splitSamples,
  standardizeFeatures,
  type Samples,
} from '#learn/datasets'
import type { DataCard, DataSpec, LossKind } from '#shared/schemas'

/** Samples of an experiment, ready to train on. */
export interface LoadedData {
  readonly train: Samples
  readonly validation: Samples | null
  readonly card: DataCard
}

/**
 * Loads or draws the samples a spec names; equal spec and seed give equal samples.
 *
 * @param resources - The folder of shipped data sets.
 * @throws InputError and its kin naming key, file, row and what is allowed.
 */
export async function loadData(
  spec: DataSpec,
  loss: LossKind,
  seed: number,
  resources: string,
): Promise<LoadedData> {
  const samples = await loadSamples(spec, seed, resources)
  if (loss === 'cross-entropy' && samples.labels === null) {
    throw new InputError('train.loss', `train.loss must be squared-error for ${spec.kind} data`)
  }
  const split = splitSamples(samples, spec.validationFraction, createStream(seed, 'data', 'split'))
  const { train, validation } =
    spec.kind === 'file' && spec.standardize ? standardizeSplit(split) : split
  return { train, validation, card: dataCard(spec, train, validation) }
}

function loadSamples(spec: DataSpec, seed: number, resources: string): Promise<Samples> | Samples {
  const stream = createStream(seed, 'data', spec.kind)
  switch (spec.kind) {
    case 'digits':
      return loadDigits(resources)
    case 'mnist':
      return loadMnist(resources, spec.samples)
    case 'text':
      return loadText(resources, { ...spec, stream })
    case 'gaussian-mixture':
      return sampleGaussianMixture(spec, stream)
    case 'teacher-student':
      return sampleTeacherStudent(spec, stream)
    case 'file':
      return loadSamplesFile(spec.path, { task: spec.task })
  }
}

function standardizeSplit(split: { train: Samples; validation: Samples | null }) {
  const scale = measureScale(split.train)
  return {
    train: standardizeFeatures(split.train, scale),
    validation: split.validation === null ? null : standardizeFeatures(split.validation, scale),
  }
}

const sources: Readonly<Record<DataSpec['kind'], string>> = {
  digits: 'UCI optical handwritten digits (E. Alpaydin, 1998), CC BY 4.0',
  mnist: 'MNIST (LeCun, Cortes, Burges), 10,000 of its digits, CC BY-SA 3.0',
  text: 'King James Bible, public domain',
  'gaussian-mixture': 'drawn from the seed',
  'teacher-student': 'drawn from the seed',
  file: '',
}

function dataCard(spec: DataSpec, train: Samples, validation: Samples | null): DataCard {
  const { mean, deviation } = measureScale(train)
  const { featureCount } = train
  const average = mean.reduce((sum, x) => sum + x, 0) / featureCount
  const square = mean.reduce((sum, x, i) => sum + deviation[i]! ** 2 + x * x, 0) / featureCount
  return {
    kind: spec.kind,
    source: spec.kind === 'file' ? spec.path : sources[spec.kind],
    trainCount: train.count,
    validationCount: validation?.count ?? 0,
    featureCount,
    outputCount: train.outputCount,
    classCounts: countClasses(train),
    featureMean: average,
    featureDeviation: Math.sqrt(Math.max(0, square - average * average)),
  }
}
