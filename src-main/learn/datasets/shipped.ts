import { join } from 'node:path'
import { FormatError, InputError, type RandomStream } from '#base'
import { parseCsv } from './csv.ts'
import { parseIdx } from './idx.ts'
import { readBytes } from './read-file.ts'
import { labelledSamples, type Samples } from './samples.ts'

/**
 * The UCI handwritten digits: 1,797 images of 8×8 pixels 0…16, scaled to 0…1.
 *
 * @param folder - `resources/data`.
 */
export async function loadDigits(folder: string): Promise<Samples> {
  const path = join(folder, 'digits-8x8', 'digits.csv.gz')
  const { shape, data } = parseCsv(await readBytes(path), path)
  const [count, columns] = shape as [number, number]
  if (columns !== 65) throw new FormatError(path, `wants 65 columns, has ${columns}`)
  const features = new Float32Array(count * 64)
  const labels = new Int32Array(count)
  for (let row = 0; row < count; row += 1) {
    const values = data.subarray(row * 65, (row + 1) * 65)
    features.set(
      values.subarray(0, 64).map((pixel) => pixel / 16),
      row * 64,
    )
    labels[row] = values[64]!
  }
  return labelledSamples(features, labels, 10)
}

/**
 * The first `count` of 10,000 MNIST digits: 28×28 pixels 0…255, scaled to 0…1.
 *
 * @param folder - `resources/data`.
 */
export async function loadMnist(folder: string, count: number): Promise<Samples> {
  const at = (file: string): string => join(folder, 'mnist-10k', file)
  const [imagePath, labelPath] = [at('images-idx3-ubyte.gz'), at('labels-idx1-ubyte.gz')]
  const images = parseIdx(await readBytes(imagePath), imagePath)
  const labels = parseIdx(await readBytes(labelPath), labelPath)
  const total = images.shape[0]!
  if (labels.shape[0] !== total) {
    throw new FormatError(labelPath, `wants ${total} labels, has ${labels.shape[0] ?? 0}`)
  }
  if (count > total) {
    throw new InputError('samples', `samples must be in 2…${total}, got ${count}`)
  }
  const pixels = images.data.length / total
  return labelledSamples(
    Float32Array.from(images.data.subarray(0, count * pixels), (pixel) => pixel / 255),
    Int32Array.from(labels.data.subarray(0, count)),
    10,
  )
}

/**
 * Next-byte prediction on the King James Bible: each sample is `context` bytes, one-hot over the bytes
 * that occur, and the byte that follows. Places are drawn without replacement from the training text.
 *
 * @param folder - `resources/data`.
 */
export async function loadText(
  folder: string,
  options: { readonly context: number; readonly samples: number; readonly stream: RandomStream },
): Promise<Samples> {
  const { context, samples, stream } = options
  const text = await readBytes(join(folder, 'kjv-text', 'train.txt.gz'))
  const places = text.length - context
  if (samples > places) {
    throw new InputError('samples', `samples must be in 2…${places}, got ${samples}`)
  }
  const vocabulary = [...new Set(text)].sort((a, b) => a - b)
  const indexOf = new Int32Array(256)
  vocabulary.forEach((byte, i) => (indexOf[byte] = i))
  const width = vocabulary.length
  const features = new Float32Array(samples * context * width)
  const labels = new Int32Array(samples)
  const seen = new Set<number>()
  for (let row = 0; row < samples;) {
    const place = stream.nextInteger(places)
    if (seen.has(place)) continue
    seen.add(place)
    for (let i = 0; i < context; i += 1) {
      features[(row * context + i) * width + indexOf[text[place + i]!]!] = 1
    }
    labels[row] = indexOf[text[place + context]!]!
    row += 1
  }
  return labelledSamples(features, labels, width)
}
