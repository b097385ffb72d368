import { join } from 'node:path'
import { FormatError, MissingFileError, ShapeError } from '#base'
import { listFolder } from './file-bundle.ts'
import { parseIdx } from './idx.ts'
import type { NamedArray } from './named-array.ts'
import { pixelSamples } from './pixel-samples.ts'
import { readInflated } from './read-file.ts'
import type { Samples } from './samples.ts'

/** An IDX array of bytes. */
async function readByteArray(path: string): Promise<NamedArray & { readonly data: Uint8Array }> {
  const array = parseIdx(await readInflated(path), path)
  const { data } = array
  if (data instanceof Uint8Array) return { ...array, data }
  throw new FormatError(path, `must hold bytes, holds ${array.dtype}`, 2)
}

/**
 * Grey pictures and their labels from a pair of IDX files as MNIST, Fashion-MNIST, KMNIST and EMNIST have
 * them, gzipped or not. Features are `[1, height, width]` in [0, 1]; they lie in memory as bytes.
 *
 * @param options.classCount - Default: the largest label + 1, at least 2.
 * @throws ShapeError if the pictures are not `[n, height, width]` with n ≥ 1, or the labels not `[n]`.
 * @throws FormatError naming the file and row, if a label is beyond `classCount`.
 * @throws MissingFileError or FormatError if a file is not what it should be.
 *
 * @see LeCun, Cortes and Burges, The MNIST database, section on file formats
 */
export async function loadIdxFiles(
  imagesPath: string,
  labelsPath: string,
  options: { readonly classCount?: number | undefined } = {},
): Promise<Samples> {
  const images = await readByteArray(imagesPath)
  const classes = await readByteArray(labelsPath)
  const [count = 0, height = 0, width = 0] = images.shape
  if (images.shape.length !== 3 || images.data.length === 0) {
    throw new ShapeError(imagesPath, '[n, height, width] of at least one picture', images.shape)
  }
  if (classes.shape.length !== 1 || classes.shape[0] !== count) {
    throw new ShapeError(labelsPath, `[${count}]`, classes.shape)
  }
  const labels = Int32Array.from(classes.data)
  const found = labels.reduce((most, label) => Math.max(most, label + 1), 2)
  const classCount = options.classCount ?? found
  const wrong = labels.findIndex((label) => label >= classCount)
  if (wrong >= 0) {
    const problem = `label must be in 0…${classCount - 1}, got ${labels[wrong]!} at row ${wrong}`
    throw new FormatError(labelsPath, problem)
  }
  return pixelSamples({
    parts: [images.data],
    labels,
    classCount,
    shape: [1, height, width],
    scale: null,
  })
}

/** `train-images-idx3-ubyte`, with a dot as some mirrors have it, gzipped or not. */
async function findIdxFile(folder: string, part: string, kind: string): Promise<string> {
  const names = (await listFolder(folder)) ?? []
  const pattern = new RegExp(`^${part}-${kind}[-.]idx[13]-ubyte(\\.gz)?$`)
  const name = names.filter((each) => pattern.test(each)).sort()[0]
  if (name !== undefined) return join(folder, name)
  const rank = kind === 'images' ? 3 : 1
  throw new MissingFileError(join(folder, `${part}-${kind}-idx${rank}-ubyte.gz`))
}

/**
 * Both parts of a data set published like MNIST: a folder of `train-images-idx3-ubyte.gz`,
 * `train-labels-idx1-ubyte.gz` and the same beginning with `t10k`, gzipped or not.
 *
 * @throws MissingFileError if one is missing; and as {@link loadIdxFiles}.
 */
export async function loadIdxFolder(
  folder: string,
  options: { readonly classCount?: number | undefined } = {},
): Promise<{ readonly train: Samples; readonly test: Samples }> {
  const load = async (part: string, classCount: number | undefined): Promise<Samples> =>
    loadIdxFiles(
      await findIdxFile(folder, part, 'images'),
      await findIdxFile(folder, part, 'labels'),
      { classCount },
    )
  const train = await load('train', options.classCount)
  return { train, test: await load('t10k', train.targets.count) }
}
