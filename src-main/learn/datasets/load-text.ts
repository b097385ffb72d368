import type { RandomStream } from '#base'
import { readInflated } from './read-file.ts'
import { drawDistinct } from './sample-distinct.ts'
import type { Samples } from './samples.ts'
import { checkWindowCount, nextTokenSamples } from './text-windows.ts'

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
  checkWindowCount(count, windows.length, part)
  const starts = drawDistinct(windows.length, count, stream).map((window) => windows[window]!)
  // A byte without a class lies in no window.
  const tokens = text.map((byte) => Math.max(0, classOf[byte]!))
  return nextTokenSamples(tokens, starts, context, size)
}
