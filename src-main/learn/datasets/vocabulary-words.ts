import { InputError } from '#base'
import type { Vocabulary } from './vocabulary.ts'

/** Stands for each word that the vocabulary lacks. */
export const unknownWord = '<unk>'

/** Different words that are told apart while a text is read. */
const mostWords = 2 ** 23

/** Words with their tokens: `<unk>` is 0, the others follow by falling frequency. */
export interface WordVocabulary extends Vocabulary {
  readonly kind: 'words'
  /** The token of a word, that of `<unk>` if it is not among them. */
  tokenOf(word: string): number
}

/** Numbers words in the order of their first appearance and counts them. */
export class WordCounter {
  readonly #file: string
  readonly #ids = new Map<string, number>()
  readonly #counts: number[] = []

  constructor(file: string) {
    this.#file = file
  }

  /**
   * Counts a word and gives its number.
   *
   * @throws InputError at too many different words.
   */
  count(word: string): number {
    const known = this.#ids.get(word)
    if (known !== undefined) {
      this.#counts[known]! += 1
      return known
    }
    const id = this.#counts.length
    if (id === mostWords) {
      throw new InputError(
        this.#file,
        `${this.#file} has more than ${mostWords} different words, the most there may be`,
      )
    }
    // A copy: a slice would keep the whole piece of text it was cut from.
    this.#ids.set(Buffer.from(word).toString(), id)
    this.#counts.push(1)
    return id
  }

  /**
   * The vocabulary of what was counted: `<unk>`, then words by falling frequency, the earlier one first
   * where that is equal.
   *
   * @param size - At most, `<unk>` among them; null: all words.
   * @returns It and the token of each number given by {@link count}.
   */
  rank(size: number | null): { readonly vocabulary: WordVocabulary; readonly names: Int32Array } {
    const counts = this.#counts
    const unknown = this.#ids.get(unknownWord)
    const order = Array.from(counts.keys()).filter((id) => id !== unknown)
    order.sort((a, b) => counts[b]! - counts[a]! || a - b)
    const kept = order.slice(0, size === null ? order.length : size - 1)
    const names = new Int32Array(counts.length)
    kept.forEach((id, rank) => (names[id] = rank + 1))
    const words = new Array<string>(kept.length + 1).fill(unknownWord)
    for (const [word, id] of this.#ids) if (names[id]! > 0) words[names[id]!] = word
    return { vocabulary: wordVocabulary(words), names }
  }
}

function wordVocabulary(words: readonly string[]): WordVocabulary {
  const tokens = new Map(words.map((word, token) => [word, token]))
  return {
    kind: 'words',
    size: words.length,
    spell: (token) => words[token] ?? unknownWord,
    tokenOf: (word) => tokens.get(word) ?? 0,
  }
}
