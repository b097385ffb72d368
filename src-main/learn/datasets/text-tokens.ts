import { InputError } from '#base'
import { largestEntryCount } from './samples.ts'

/** The tokens of a text, in the narrowest numbers that hold them. */
export type TokenArray = Uint8Array | Uint16Array | Int32Array

/** An array for tokens of a vocabulary. */
export function tokenArray(vocabularySize: number, length: number): TokenArray {
  if (vocabularySize <= 2 ** 8) return new Uint8Array(length)
  return vocabularySize <= 2 ** 16 ? new Uint16Array(length) : new Int32Array(length)
}

const segmentLength = 2 ** 20

/** Tokens appended one after another; no copy is made while they grow. */
export class TokenList {
  readonly #file: string
  readonly #vocabularySize: number
  readonly #segments: TokenArray[] = []
  #used = segmentLength

  /** @param vocabularySize - Bounds the tokens appended. */
  constructor(file: string, vocabularySize: number) {
    this.#file = file
    this.#vocabularySize = vocabularySize
  }

  get length(): number {
    return this.#segments.length * segmentLength + this.#used - segmentLength
  }

  #addSegment(): void {
    if (this.#segments.length * segmentLength >= largestEntryCount) {
      throw new InputError(
        this.#file,
        `${this.#file} has more than ${largestEntryCount} tokens, the most there may be`,
      )
    }
    this.#segments.push(tokenArray(this.#vocabularySize, segmentLength))
    this.#used = 0
  }

  /** @throws InputError beyond 2²⁹ tokens. */
  push(token: number): void {
    if (this.#used === segmentLength) this.#addSegment()
    this.#segments.at(-1)![this.#used] = token
    this.#used += 1
  }

  /** @throws InputError beyond 2²⁹ tokens. */
  append(tokens: Uint8Array): void {
    for (let done = 0; done < tokens.length;) {
      if (this.#used === segmentLength) this.#addSegment()
      const part = tokens.subarray(done, done + segmentLength - this.#used)
      this.#segments.at(-1)!.set(part, this.#used)
      this.#used += part.length
      done += part.length
    }
  }

  /** All tokens in one array, renamed if wished. Empties the list, so that memory is not held twice. */
  take(names: Int32Array | null, vocabularySize = this.#vocabularySize): TokenArray {
    const result = tokenArray(vocabularySize, this.length)
    let last = this.#used
    for (let at = this.#segments.length - 1; at >= 0; at -= 1) {
      const segment = this.#segments.pop()!.subarray(0, last)
      if (names !== null) for (let i = 0; i < last; i += 1) segment[i] = names[segment[i]!]!
      result.set(segment, at * segmentLength)
      last = segmentLength
    }
    this.#used = segmentLength
    return result
  }
}
