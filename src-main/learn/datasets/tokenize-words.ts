import { FormatError } from '#base'

/** Stands at the end of each line. */
export const endOfLine = '<eos>'

const lineFeed = 10

/** Most UTF-16 units of one word or line. */
const longestPiece = 2 ** 24

/** What Python's `str.split` splits at. */
function isSpace(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13) || (code >= 28 && code <= 31)
  if (code < 0x1680) return code === 0x85 || code === 0xa0
  if (code >= 0x2000 && code <= 0x200a) return true
  return (
    code === 0x1680 ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  )
}

/** Takes text piece by piece, wherever it is cut. */
export interface TextSplitter {
  write(text: string): void
  /** After the last piece. */
  end(): void
}

function checkLength(rest: string, file: string): void {
  if (rest.length <= longestPiece) return
  throw new FormatError(file, `has a word or line of more than ${longestPiece} characters`)
}

/**
 * Splits text into words at white space, as Python's `str.split` does, with `<eos>` at the end of each
 * line, the last one too.
 *
 * @throws FormatError at a word of more than 2²⁴ characters.
 */
export function splitWords(file: string, visit: (word: string) => void): TextSplitter {
  let rest = ''
  let isInLine = false
  return {
    write: (text) => {
      const all = rest + text
      let start = rest.length === 0 ? -1 : 0
      for (let i = rest.length; i < all.length; i += 1) {
        const code = all.charCodeAt(i)
        if (!isSpace(code)) {
          if (start < 0) start = i
          continue
        }
        if (start >= 0) visit(all.slice(start, i))
        start = -1
        isInLine = code !== lineFeed
        if (code === lineFeed) visit(endOfLine)
      }
      rest = start < 0 ? '' : all.slice(start)
      if (rest.length > 0) isInLine = true
      checkLength(rest, file)
    },
    end: () => {
      if (rest.length > 0) visit(rest)
      if (isInLine) visit(endOfLine)
    },
  }
}

/**
 * Splits text after each line feed.
 *
 * @throws FormatError at a line of more than 2²⁴ characters.
 */
export function splitLines(file: string, visit: (line: string) => void): TextSplitter {
  let rest = ''
  return {
    write: (text) => {
      const all = rest + text
      let start = 0
      for (let end = all.indexOf('\n', rest.length); end >= 0; end = all.indexOf('\n', start)) {
        visit(all.slice(start, end + 1))
        start = end + 1
      }
      rest = all.slice(start)
      checkLength(rest, file)
    },
    end: () => {
      if (rest.length > 0) visit(rest)
    },
  }
}
