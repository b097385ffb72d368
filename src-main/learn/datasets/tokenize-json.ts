import * as library from '@huggingface/tokenizers'
import { FormatError } from '#base'
import { readBytes } from './read-file.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What is used of the library's class. */
interface LibraryTokenizer {
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: readonly unknown[] }
  id_to_token(id: number): string | undefined
  get_vocab(withAdded: boolean): Map<string, unknown>
}

// The package's declarations lack file endings, so that TypeScript does not find its classes.
const { Tokenizer } = library as unknown as {
  readonly Tokenizer: new (json: object, config: object) => LibraryTokenizer
}

/** Largest `tokenizer.json`. */
const largestTokenizerBytes = 2 ** 27

/** A tokenizer trained elsewhere. */
export interface TrainedTokenizer {
  readonly vocabulary: Vocabulary
  /**
   * Tokens of a piece of text, as Hugging Face's library gives them; no special ones are added. What a
   * byte-pair model has no token for it leaves out, unless its file names an unknown token.
   */
  readonly encode: (text: string) => readonly number[]
}

/** Runs what another's code does with another's file. */
function attempt<T>(path: string, problem: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof FormatError) throw error
    throw new FormatError(path, `${problem}: ${(error as Error).message}`)
  }
}

/**
 * Builds a tokenizer from what is in a `tokenizer.json`.
 *
 * @param path - Named in errors.
 * @throws FormatError if it is none; and at the first token it cannot make of a text.
 */
export function parseTokenizer(bytes: Uint8Array, path: string): TrainedTokenizer {
  const json = attempt(
    path,
    'not JSON',
    () => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown,
  )
  if (typeof json !== 'object' || json === null) throw new FormatError(path, 'not a tokenizer')
  const problem = 'not a tokenizer that can be read'
  const tokenizer = attempt(path, problem, () => new Tokenizer(json, {}))
  let size = 0
  attempt(path, problem, () => {
    for (const id of tokenizer.get_vocab(true).values()) {
      if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= 2 ** 24) {
        throw new FormatError(path, `token numbers must be in 0…${2 ** 24 - 1}, got ${String(id)}`)
      }
      size = Math.max(size, id + 1)
    }
  })
  if (size < 2) throw new FormatError(path, `must have 2 tokens or more, has ${size}`)
  const isToken = (id: unknown): id is number =>
    typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < size
  return {
    vocabulary: {
      kind: 'tokenizer',
      size,
      spell: (token) => tokenizer.id_to_token(token) ?? '',
    },
    encode: (text) => {
      const { ids } = attempt(path, 'cannot tokenize', () =>
        tokenizer.encode(text, { add_special_tokens: false }),
      )
      if (!ids.every(isToken)) {
        const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
        throw new FormatError(path, `has no token for part of ${shown}, and none for the unknown`)
      }
      return ids
    },
  }
}

/**
 * A tokenizer that was trained elsewhere, from its `tokenizer.json`.
 *
 * @throws MissingFileError or FormatError if the file is not what it should be.
 */
export async function loadTokenizer(path: string): Promise<TrainedTokenizer> {
  return parseTokenizer(await readBytes(path, largestTokenizerBytes), path)
}
