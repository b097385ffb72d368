import { FormatError, InputError } from '#base'
import {
  parseCifarBinary,
  parseCifarNames,
  parseCifarNamesPickle,
  parseCifarPickle,
  type CifarBatch,
} from './cifar-batch.ts'
import { readBundle, type BundleFile } from './file-bundle.ts'
import { pixelSamples } from './pixel-samples.ts'
import { pixelScales } from './pixel-scale.ts'
import type { Samples } from './samples.ts'

/** Which CIFAR, and how it is read. */
export interface CifarOptions {
  readonly variant: 'cifar-10' | 'cifar-100'
  /** 100 classes, or their 20 groups; CIFAR-10 has fine labels only. */
  readonly labels?: 'fine' | 'coarse' | undefined
  /** Whether channels are brought to mean 0 and deviation 1 (see `pixelScales`); else pixels lie in [0, 1]. */
  readonly normalize?: boolean | undefined
}

/** Both parts of CIFAR, and what its classes are called if a file says so. */
export interface CifarParts {
  readonly train: Samples
  readonly test: Samples
  readonly classNames: readonly string[] | null
}

/** What a published form of one variant is called, and how its files are read. */
interface CifarForm {
  readonly folder: string
  readonly train: readonly string[]
  readonly test: string
  readonly names: string
  readonly parseBatch: (bytes: Uint8Array, file: string) => CifarBatch
  readonly parseNames: (bytes: Uint8Array, file: string) => string[]
}

const five = ['1', '2', '3', '4', '5']

function formsOf(variant: CifarOptions['variant'], labels: 'fine' | 'coarse'): CifarForm[] {
  const is10 = variant === 'cifar-10'
  const classCount = is10 ? 10 : labels === 'fine' ? 100 : 20
  const key = is10 ? 'labels' : `${labels}_labels`
  const layout = is10
    ? { labelCount: 1, labelIndex: 0, classCount }
    : { labelCount: 2, labelIndex: labels === 'coarse' ? 0 : 1, classCount }
  return [
    {
      folder: is10 ? 'cifar-10-batches-bin' : 'cifar-100-binary',
      train: is10 ? five.map((part) => `data_batch_${part}.bin`) : ['train.bin'],
      test: is10 ? 'test_batch.bin' : 'test.bin',
      names: is10 ? 'batches.meta.txt' : `${labels}_label_names.txt`,
      parseBatch: (bytes, file) => parseCifarBinary(bytes, layout, file),
      parseNames: (bytes, file) => parseCifarNames(bytes, classCount, file),
    },
    {
      folder: is10 ? 'cifar-10-batches-py' : 'cifar-100-python',
      train: is10 ? five.map((part) => `data_batch_${part}`) : ['train'],
      test: is10 ? 'test_batch' : 'test',
      names: is10 ? 'batches.meta' : 'meta',
      parseBatch: (bytes, file) => parseCifarPickle(bytes, { key, classCount }, file),
      parseNames: (bytes, file) =>
        parseCifarNamesPickle(
          bytes,
          { key: is10 ? 'label_names' : `${labels}_label_names`, classCount },
          file,
        ),
    },
  ]
}

/** The batches of a form, decoded; files are let go one after another. */
function takeBatches(
  files: Map<string, BundleFile>,
  form: CifarForm,
  names: readonly string[],
  path: string,
): CifarBatch[] {
  return names.map((name) => {
    const file = files.get(name)
    if (file === undefined) {
      throw new FormatError(path, `has no ${name} beside ${[...files.keys()].join(', ')}`)
    }
    files.delete(name)
    return form.parseBatch(file.bytes, file.label)
  })
}

/**
 * CIFAR-10 or CIFAR-100: 32 × 32 pixels in 3 channels, 50,000 to train on and 10,000 held out, fewer if the
 * files have fewer. Features are `[3, 32, 32]`.
 *
 * Memory: a byte a value, 184 MB for all of them; twice that while they are read.
 *
 * @param path - The published `.tar.gz` (or `.tar`) of the binary or Python version, its unpacked folder,
 *   or the folder around that.
 * @throws InputError if CIFAR-10 is asked for coarse labels.
 * @throws MissingFileError if there is nothing at `path`.
 * @throws FormatError naming the file, if one is missing or not what it should be.
 *
 * @see Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)
 */
export async function loadCifar(path: string, options: CifarOptions): Promise<CifarParts> {
  const { variant, labels = 'fine', normalize = false } = options
  if (variant === 'cifar-10' && labels === 'coarse') {
    throw new InputError('labels', 'labels must be fine for cifar-10, got coarse')
  }
  const forms = formsOf(variant, labels)
  const files = await readBundle(path, {
    names: forms.flatMap(({ train, test, names }) => [...train, test, names]),
    subfolders: forms.map(({ folder }) => folder),
  })
  const form = forms.find(({ train }) => train.some((name) => files.has(name)))
  if (form === undefined) {
    const wanted = forms.map(({ train }) => train[0]!).join(' nor ')
    throw new FormatError(path, `holds no ${variant}: neither ${wanted}`)
  }
  const nameFile = files.get(form.names)
  const classNames = nameFile ? form.parseNames(nameFile.bytes, nameFile.label) : null
  const samplesOf = (names: readonly string[]): Samples => {
    const batches = takeBatches(files, form, names, path)
    return pixelSamples({
      parts: batches.map(({ pixels }) => pixels),
      labels: Int32Array.from(batches.flatMap((batch) => [...batch.labels])),
      classCount: variant === 'cifar-10' ? 10 : labels === 'fine' ? 100 : 20,
      shape: [3, 32, 32],
      scale: normalize ? pixelScales[variant] : null,
    })
  }
  return { train: samplesOf(form.train), test: samplesOf([form.test]), classNames }
}
