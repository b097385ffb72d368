import { FormatError, InputError, ShapeError } from '#base'
import { parseIdx } from './idx.ts'
import { readInflated } from './read-file.ts'
import { classificationSamples, type Samples } from './samples.ts'

const classCount = 10

/**
 * The first `count` of 10,000 handwritten digits of MNIST, already shuffled: 28 × 28 pixels,
 * 10 classes. Pixels are divided by 255, so they lie in [0, 1], and are not centered.
 *
 * @param folder - Holds `images-idx3-ubyte.gz` and `labels-idx1-ubyte.gz`.
 * @throws InputError if there are fewer than `count`.
 * @throws ShapeError if images and labels are not of one number.
 * @throws MissingFileError or FormatError if a file is not what it should be.
 *
 * @see LeCun, Cortes and Burges, The MNIST database of handwritten digits
 */
export async function loadMnist(folder: string, count: number): Promise<Samples> {
  const imagesPath = `${folder}/images-idx3-ubyte.gz`
  const labelsPath = `${folder}/labels-idx1-ubyte.gz`
  const images = parseIdx(await readInflated(imagesPath), imagesPath)
  const classes = parseIdx(await readInflated(labelsPath), labelsPath)
  const [available = 0, height = 0, width = 0] = images.shape
  if (images.shape.length !== 3)
    throw new ShapeError(imagesPath, '[n, height, width]', images.shape)
  if (classes.shape.length !== 1 || classes.shape[0] !== available) {
    throw new ShapeError(labelsPath, `[${available}]`, classes.shape)
  }
  if (!Number.isInteger(count) || count < 1 || count > available) {
    throw new InputError('samples', `samples must be in 1…${available}, got ${count}`)
  }
  const features = Float32Array.from(
    images.data.subarray(0, count * height * width),
    (pixel) => pixel / 255,
  )
  const labels = Int32Array.from(classes.data.subarray(0, count))
  const wrong = labels.findIndex((label) => label < 0 || label >= classCount)
  if (wrong >= 0) {
    throw new FormatError(labelsPath, `label must be in 0…9, got ${labels[wrong]!} at row ${wrong}`)
  }
  return classificationSamples(features, labels, classCount, [1, height, width])
}
