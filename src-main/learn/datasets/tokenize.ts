import { InputError } from '#base'
import { eachTextChunk, eachTextString } from './text-chunks.ts'
import { TokenList, type TokenArray } from './text-tokens.ts'
import { loadTokenizer, type TrainedTokenizer } from './tokenize-json.ts'
import { splitLines, splitWords } from './tokenize-words.ts'
import { byteVocabulary, type Vocabulary } from './vocabulary.ts'
import { WordCounter, type WordVocabulary } from './vocabulary-words.ts'

/** A text as tokens. */
export interface TokenizedText {
  readonly tokens: TokenArray
  /** Of the file, inflated. */
  readonly byteCount: number
}

/** Which tokens a text is made of. */
export interface VocabularyOptions {
  readonly vocabulary: 'bytes' | 'words' | 'tokenizer'
  /** Words at most, `<unk>` among them; default: all of the training text. */
  readonly vocabularySize?: number | undefined
  /** Path of a `tokenizer.json`, for that vocabulary. */
  readonly tokenizer?: string | undefined
}

/** A training text, and how another text is read in its vocabulary. */
export interface LearnedVocabulary {
  readonly vocabulary: Vocabulary
  readonly train: TokenizedText
  readonly readText: (path: string) => Promise<TokenizedText>
}

async function readByteTokens(path: string): Promise<TokenizedText> {
  const list = new TokenList(path, byteVocabulary.size)
  const byteCount = await eachTextChunk(path, (chunk) => {
    list.append(chunk)
  })
  return { tokens: list.take(null), byteCount }
}

async function readWords(path: string, visit: (word: string) => void): Promise<number> {
  const splitter = splitWords(path, visit)
  const byteCount = await eachTextString(path, (text) => splitter.write(text))
  splitter.end()
  return byteCount
}

async function readKnownWords(path: string, vocabulary: WordVocabulary): Promise<TokenizedText> {
  const list = new TokenList(path, vocabulary.size)
  const byteCount = await readWords(path, (word) => list.push(vocabulary.tokenOf(word)))
  return { tokens: list.take(null), byteCount }
}

async function learnWords(path: string, size: number | null): Promise<LearnedVocabulary> {
  const counter = new WordCounter(path)
  const list = new TokenList(path, Infinity)
  const byteCount = await readWords(path, (word) => list.push(counter.count(word)))
  const { vocabulary, names } = counter.rank(size)
  const tokens = list.take(names, vocabulary.size)
  return {
    vocabulary,
    train: { tokens, byteCount },
    readText: (other) => readKnownWords(other, vocabulary),
  }
}

async function readTokenizerTokens(
  path: string,
  { vocabulary, encode }: TrainedTokenizer,
): Promise<TokenizedText> {
  const list = new TokenList(path, vocabulary.size)
  const splitter = splitLines(path, (line) => {
    for (const token of encode(line)) list.push(token)
  })
  const byteCount = await eachTextString(path, (text) => splitter.write(text))
  splitter.end()
  return { tokens: list.take(null), byteCount }
}

/**
 * Reads a training text in a vocabulary, which for words is made of it.
 *
 * `bytes`: each byte is a token. `words`: split at white space, `<eos>` at line ends; `<unk>` is 0, the
 * others follow by falling frequency. `tokenizer`: a `tokenizer.json`, applied to each line with its
 * line feed, without special tokens.
 *
 * Reads the file once, in pieces; holds its tokens at most twice, at 4 bytes each for words.
 *
 * @throws InputError if `tokenizer` is missing, `vocabularySize` is below 2, or the text too long.
 * @throws MissingFileError or FormatError if a file is not what it should be.
 */
export async function learnVocabulary(
  path: string,
  options: VocabularyOptions,
): Promise<LearnedVocabulary> {
  const { vocabularySize: size = null, tokenizer } = options
  switch (options.vocabulary) {
    case 'bytes':
      return {
        vocabulary: byteVocabulary,
        train: await readByteTokens(path),
        readText: readByteTokens,
      }
    case 'words':
      if (size !== null && (!Number.isInteger(size) || size < 2)) {
        const problem = `must be an integer of at least 2, got ${size}`
        throw new InputError('vocabularySize', `vocabularySize ${problem}`)
      }
      return learnWords(path, size)
    case 'tokenizer': {
      if (tokenizer === undefined) {
        throw new InputError(
          'tokenizer',
          'tokenizer must be the path of a tokenizer.json for vocabulary tokenizer, got none',
        )
      }
      const trained = await loadTokenizer(tokenizer)
      return {
        vocabulary: trained.vocabulary,
        train: await readTokenizerTokens(path, trained),
        readText: (other) => readTokenizerTokens(other, trained),
      }
    }
  }
}
