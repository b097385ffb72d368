import { InputError, type RandomStream } from '#base'
import { readInflated } from './read-file.ts'
import { checkEntryCount, samplesInMemory, type Samples } from './samples.ts'

/** Which verses samples are drawn from: those to train on, or others held out. */
type TextPart = 'train' | 'validation'

/** How a text becomes samples. */
export interface TextOptions {
  /** Bytes seen before the one to predict. */
  readonly context: number
  readonly samples: number
  readonly stream: RandomStream
  readonly part?: TextPart
}

/** The class of each byte: its rank among the bytes that occur; −1 for the others. */
function vocabularyOf(text: Uint8Array): { readonly classOf: Int16Array; readonly size: number } {
  const classOf = new Int16Array(256).fill(-1)
  for (const byte of text) classOf[byte] = 0
  let size = 0
  for (let byte = 0; byte < 256; byte += 1) {
    if (classOf[byte] === 0) classOf[byte] = size++
  }
  return { classOf, size }
}

/** Starts of all windows of `width` bytes that have a class. */
function findWindows(text: Uint8Array, classOf: Int16Array, width: number): Uint32Array {
  const starts = new Uint32Array(text.length)
  let count = 0
  let run = 0
  for (let i = 0; i < text.length; i += 1) {
    run = classOf[text[i]!]! >= 0 ? run + 1 : 0
    if (run >= width) starts[count++] = i - width + 1
  }
  return starts.subarray(0, count)
}

/** Moves a random choice without replacement to the front (the head of a Fisher–Yates shuffle). */
function drawToFront(values: Uint32Array, count: number, stream: RandomStream): Uint32Array {
  for (let i = 0; i < count; i += 1) {
    const j = i + stream.nextInteger(values.length - i)
    const held = values[i]!
    values[i] = values[j]!
    values[j] = held
  }
  return values.subarray(0, count)
}

/**
 * Next-byte prediction on the King James Bible, a classification task: the features are the
 * `context` bytes before, each a token of the vocabulary; the label is the next byte's class.
 *
 * The vocabulary is the set of bytes that occur in the training verses, by rising value. Positions
 * are drawn without replacement from one part of the text; windows may cross line ends.
 *
 * @param folder - Holds `train.txt.gz` and `valid.txt.gz`.
 * @throws InputError if the part has fewer windows than `samples`.
 * @throws MissingFileError or FormatError if a file is not what it should be.
 */
export async function loadText(folder: string, options: TextOptions): Promise<Samples> {
  const { context, samples: count, stream, part = 'train' } = options
  const trainText = await readInflated(`${folder}/train.txt.gz`)
  const { classOf, size } = vocabularyOf(trainText)
  const text = part === 'train' ? trainText : await readInflated(`${folder}/valid.txt.gz`)
  const windows = findWindows(text, classOf, context + 1)
  if (count < 1 || count > windows.length) {
    throw new InputError(
      'samples',
      `samples must be in 1…${windows.length} of the ${part} text, got ${count}`,
    )
  }
  checkEntryCount('samples', count, context)
  const starts = drawToFront(windows, count, stream)
  const tokens = new Int32Array(count * context)
  const labels = new Int32Array(count)
  for (let row = 0; row < count; row += 1) {
    const start = starts[row]!
    for (let i = 0; i < context; i += 1) tokens[row * context + i] = classOf[text[start + i]!]!
    labels[row] = classOf[text[start + context]!]!
  }
  return samplesInMemory({
    features: { kind: 'tokens', length: context, vocabulary: size },
    targets: { kind: 'classes', count: size, perSample: 1 },
    values: tokens,
    answers: labels,
  })
}
