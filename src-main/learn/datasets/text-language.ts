import { InputError, type RandomStream } from '#base'
import { drawDistinct } from './sample-distinct.ts'
import { heldOutCount, type Samples } from './samples.ts'
import { findTextFiles } from './text-files.ts'
import {
  checkWindowCount,
  nextTokenSamples,
  sequenceSamples,
  sequenceStarts,
  type TokenSpan,
} from './text-windows.ts'
import { learnVocabulary, type TokenizedText, type VocabularyOptions } from './tokenize.ts'
import type { Vocabulary } from './vocabulary.ts'

/** How a text becomes samples. */
export interface LanguageOptions extends VocabularyOptions {
  /** Each token from those before it, or one token from the window before. */
  readonly task: 'language-model' | 'next-token'
  /** Tokens a sample has. */
  readonly context: number
  /**
   * Windows, those held out among them, drawn without replacement. Default: 20,000 for `next-token`;
   * for `language-model` all that there are.
   */
  readonly samples?: number | undefined
  /**
   * Share of the windows held out; where the owner of the text held none out, of the text too, from its
   * end. 0: none.
   */
  readonly validationFraction: number
  readonly stream: RandomStream
}

/** Samples of a text. */
export interface LanguageData {
  readonly train: Samples
  readonly validation: Samples | null
  readonly vocabulary: Vocabulary
  /** Mean over the training text: loss in nats a token/(bytesPerToken · ln 2) is bits a byte. */
  readonly bytesPerToken: number
  /** Likewise of the text held out; null if none is. */
  readonly validationBytesPerToken: number | null
}

/** Windows drawn for `next-token` if no number is given. */
const defaultSamples = 20_000

const bytesPerTokenOf = ({ tokens, byteCount }: TokenizedText) => byteCount / tokens.length

/** Samples of one part of a text: `count` windows drawn at random, or all where it is null. */
function drawWindows(
  part: 'train' | 'validation',
  span: TokenSpan,
  count: number | null,
  vocabularySize: number,
  { task, context, stream }: LanguageOptions,
): Samples {
  const random = stream.fork(part)
  const { tokens, from, to } = span
  if (task === 'next-token') {
    const available = Math.max(0, to - from - context)
    const wanted = count ?? available
    checkWindowCount(wanted, available, part)
    const starts = drawDistinct(available, wanted, random).map((start) => from + start)
    return nextTokenSamples(tokens, starts, context, vocabularySize)
  }
  let starts = sequenceStarts(span, context)
  if (starts.length < 1) {
    throw new InputError(
      'context',
      `context must be in 1…${Math.max(0, to - from - 1)} (the tokens of the ${part} text less one), got ${context}`,
    )
  }
  if (count !== null) {
    checkWindowCount(count, starts.length, part)
    const all = starts
    starts = drawDistinct(all.length, count, random).map((window) => all[window]!)
  }
  return sequenceSamples(tokens, starts, context, vocabularySize)
}

/** What is trained on and what is held out: the owner's parts, or the end of the text. */
async function splitText(path: string, options: LanguageOptions) {
  const files = await findTextFiles(path)
  const { vocabulary, train: text, readText } = await learnVocabulary(files.train, options)
  const { validationFraction } = options
  const { tokens } = text
  const whole = { tokens, from: 0, to: tokens.length }
  const bytesPerToken = bytesPerTokenOf(text)
  if (validationFraction === 0) {
    return { vocabulary, train: whole, validation: null, bytesPerToken, heldOutBytes: null }
  }
  if (files.validation !== null) {
    const other = await readText(files.validation)
    const validation = { tokens: other.tokens, from: 0, to: other.tokens.length }
    const heldOutBytes = bytesPerTokenOf(other)
    return { vocabulary, train: whole, validation, bytesPerToken, heldOutBytes }
  }
  const cut = tokens.length - heldOutCount(tokens.length, validationFraction)
  return {
    vocabulary,
    train: { tokens, from: 0, to: cut },
    validation: { tokens, from: cut, to: tokens.length },
    bytesPerToken,
    heldOutBytes: bytesPerToken,
  }
}

/**
 * A text as its owners publish it, cut into samples: WikiText (`wiki.train.tokens`…), Penn Treebank
 * (`ptb.train.txt`…), or any UTF-8 text (any bytes at all, for the vocabulary `bytes`), gzipped or not.
 *
 * `language-model`: windows of `context` tokens that follow on one another, each answered by the tokens
 * one place on. `next-token`: windows of `context` tokens that may overlap, drawn at random, each
 * answered by the token behind it. Held-out windows share no token with those trained on.
 *
 * The tokens are held once, in the narrowest integers; a window is cut when it is read. Deterministic:
 * equal bytes, options and stream give equal samples.
 *
 * @param path - A file, or a folder with one training text and perhaps one held-out text, known by
 *   `train` and `valid` in their names.
 * @throws InputError naming the option that is out of range: more samples than there are windows, a
 *   context longer than the text.
 * @throws MissingFileError or FormatError if a file is not what it should be.
 */
export async function loadLanguage(path: string, options: LanguageOptions): Promise<LanguageData> {
  const { task, context, validationFraction } = options
  if (!Number.isInteger(context) || context < 1) {
    throw new InputError('context', `context must be an integer of at least 1, got ${context}`)
  }
  const samples = options.samples ?? (task === 'next-token' ? defaultSamples : null)
  const heldOut = samples === null ? null : heldOutCount(samples, validationFraction)
  const parts = await splitText(path, options)
  const { size } = parts.vocabulary
  const trainCount = samples === null || heldOut === null ? null : samples - heldOut
  const validation =
    parts.validation === null || heldOut === 0
      ? null
      : drawWindows('validation', parts.validation, heldOut, size, options)
  return {
    train: drawWindows('train', parts.train, trainCount, size, options),
    validation,
    vocabulary: parts.vocabulary,
    bytesPerToken: parts.bytesPerToken,
    validationBytesPerToken: validation === null ? null : parts.heldOutBytes,
  }
}
