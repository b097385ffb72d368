import { createStream } from '#base'
import {
  augment,
  loadCifar,
  loadDigits,
  loadIdxFolder,
  loadLanguage,
  loadMnist,
  loadParquet,
  loadParquetImages,
  loadSamplesFileParts,
  openImageFolder,
  openWebDataset,
  pixelScales,
  sampleChebyshev,
  sampleCurvedManifold,
  sampleGaussianMixture,
  sampleTeacherStudent,
  splitSamples,
  standardize,
  type ImageParts,
  type Samples,
  type SplitSamples,
} from '#learn/datasets'
import type { DataSpec } from '#shared/schemas'

/** Samples of a spec with what only their source knows. */
export interface LoadedData extends SplitSamples {
  /** Where they come from, in words. */
  readonly source: string
  /** In the order of the labels. */
  readonly classNames?: readonly string[] | null | undefined
  /** Mean length of a token in the text. */
  readonly bytesPerToken?: number | null | undefined
}

type SpecOf<K extends DataSpec['kind']> = Extract<DataSpec, { kind: K }>

/** What loading may use. */
interface Place {
  readonly seed: number
  /** Folder of the data sets that are shipped. */
  readonly shipped: string
}

type Sources = {
  readonly [K in DataSpec['kind']]: (spec: SpecOf<K>, place: Place) => Promise<LoadedData>
}

const split = (samples: Samples, fraction: number, seed: number): SplitSamples =>
  splitSamples(samples, fraction, createStream(seed, 'data', 'split'))

/** Enlarges the training images by versions of themselves. */
function withVersions(
  train: Samples,
  { augmentation }: SpecOf<'cifar' | 'idx' | 'image-folder' | 'webdataset' | 'image-parquet'>,
  seed: number,
): Samples {
  return augmentation.copies === 1
    ? train
    : augment(train, augmentation, createStream(seed, 'data', 'augmentation'))
}

/** Pictures that are decoded as they are read; where none are held out, some of them are. */
function pictures(
  { train, validation, classNames }: ImageParts,
  spec: SpecOf<'image-folder' | 'webdataset' | 'image-parquet'>,
  seed: number,
): LoadedData {
  const parts =
    validation === null ? split(train, spec.validationFraction, seed) : { train, validation }
  return {
    train: withVersions(parts.train, spec, seed),
    validation: parts.validation,
    classNames,
    source: spec.path,
  }
}

const imageOptions = ({
  size,
  normalize,
}: SpecOf<'image-folder' | 'webdataset' | 'image-parquet'>) => ({
  size,
  scale: normalize ? pixelScales.imagenet : undefined,
})

const drawn = 'drawn from the seed'

const sources: Sources = {
  digits: async (spec, { seed, shipped }) => ({
    ...split(await loadDigits(`${shipped}/digits-8x8`), spec.validationFraction, seed),
    source: 'UCI optical handwritten digits, pixels / 16',
  }),
  mnist: async (spec, { seed, shipped }) => ({
    ...split(await loadMnist(`${shipped}/mnist-10k`, spec.samples), spec.validationFraction, seed),
    source: 'MNIST, first 10,000 training digits, pixels / 255',
  }),
  cifar: async (spec, { seed }) => {
    const { train, test, classNames } = await loadCifar(spec.path, spec)
    return {
      train: withVersions(train, spec, seed),
      validation: test,
      classNames,
      source: `${spec.variant} in ${spec.path}`,
    }
  },
  idx: async (spec, { seed }) => {
    const { train, test } = await loadIdxFolder(spec.path)
    return { train: withVersions(train, spec, seed), validation: test, source: spec.path }
  },
  'image-folder': async (spec, { seed }) =>
    pictures(await openImageFolder(spec.path, imageOptions(spec)), spec, seed),
  webdataset: async (spec, { seed }) =>
    pictures(
      await openWebDataset(spec.path, { ...imageOptions(spec), classCount: spec.classes }),
      spec,
      seed,
    ),
  'image-parquet': async (spec, { seed }) => {
    const train = await loadParquetImages(spec.path, {
      ...imageOptions(spec),
      imageColumn: spec.image,
      labelColumn: spec.target,
    })
    return pictures({ train, validation: null, classNames: null }, spec, seed)
  },
  text: async (spec, { seed, shipped }) => {
    const { train, validation, bytesPerToken } = await loadLanguage(
      spec.path ?? `${shipped}/kjv-text`,
      { ...spec, stream: createStream(seed, 'data') },
    )
    const name = spec.path ?? 'King James Bible'
    const source = `${name}, ${spec.task === 'next-token' ? 'next token' : 'each next token'}`
    return { train, validation, bytesPerToken, source }
  },
  'gaussian-mixture': (spec, { seed }) => {
    const samples = sampleGaussianMixture(spec, createStream(seed, 'data', 'mixture'))
    return Promise.resolve({ ...split(samples, spec.validationFraction, seed), source: drawn })
  },
  'curved-manifold': (spec, { seed }) => {
    const samples = sampleCurvedManifold(spec, createStream(seed, 'data', 'manifold'))
    return Promise.resolve({ ...split(samples, spec.validationFraction, seed), source: drawn })
  },
  'teacher-student': (spec, { seed }) => {
    const samples = sampleTeacherStudent(spec, createStream(seed, 'data', 'teacher-student'))
    return Promise.resolve({ ...split(samples, spec.validationFraction, seed), source: drawn })
  },
  chebyshev: (spec) =>
    Promise.resolve({
      train: sampleChebyshev(spec),
      validation: null,
      source: `Chebyshev polynomial of degree ${spec.degree}`,
    }),
  file: async (spec, { seed }) => {
    const { train, validation } = spec.path.endsWith('.parquet')
      ? { train: await loadParquet(spec.path, spec), validation: null }
      : await loadSamplesFileParts(spec.path, spec)
    const parts =
      validation === null ? split(train, spec.validationFraction, seed) : { train, validation }
    return { ...(spec.standardize ? await standardize(parts) : parts), source: spec.path }
  },
}

/** Loads the samples of a spec. */
export const loadSource = <K extends DataSpec['kind']>(
  spec: SpecOf<K>,
  place: Place,
): Promise<LoadedData> => sources[spec.kind](spec, place)
