/** What the tokens of a text stand for. */
export interface Vocabulary {
  readonly kind: 'bytes' | 'words' | 'tokenizer'
  /** Tokens are 0…size − 1. */
  readonly size: number
  /** What a token looks like; bytes beyond ASCII as `0xE9`. */
  spell(token: number): string
}

/** One token a byte: 256 of them. */
export const byteVocabulary: Vocabulary = {
  kind: 'bytes',
  size: 256,
  spell: (token) =>
    token < 128 ? String.fromCharCode(token) : `0x${token.toString(16).toUpperCase()}`,
}
