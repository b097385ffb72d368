import { UsageError } from './io.ts'

/**
 * Reads JSON that a person wrote.
 *
 * @param name - What to call the source in messages.
 * @throws UsageError with line and column of the first letter that does not belong.
 */
export function parseJsonText(text: string, name: string): unknown {
  const source = text.replace(/^\uFEFF/, '')
  try {
    return JSON.parse(source) as unknown
  } catch (error) {
    const offset = findJsonError(source)
    const before = source.slice(0, offset).split('\n')
    const line = String(before.length)
    const column = String((before.at(-1) ?? '').length + 1)
    const found =
      source.slice(offset).trim() === '' ? 'ends too early' : `has ${quoteAt(source, offset)}`
    throw new UsageError(
      `${name} is not valid JSON: line ${line}, column ${column} ${found} where ${expectedAt(source, offset)} must be`,
      { cause: error },
    )
  }
}

const blank = /[ \t\r\n]*/y
const scalar =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y
const key = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y

type State = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'next'

interface Scan {
  readonly offset: number
  readonly state: State
  readonly inside: string | undefined
}

/** First offset at which a text cannot go on as JSON. Walks with its own stack, so depth is no danger. */
const findJsonError = (text: string): number => scan(text).offset

function scan(text: string): Scan {
  const stack: string[] = []
  let state: State = 'value'
  let at = 0
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return false
    at += match[0].length
    return true
  }
  for (;;) {
    take(blank)
    const letter = text[at] ?? ''
    const stop: Scan = { offset: at, state, inside: stack.at(-1) }
    if (state === 'next' && stack.length === 0) return stop
    const isEnd = letter === (stack.at(-1) === '{' ? '}' : ']')
    if (isEnd && stack.length > 0 && (state === 'next' || state.endsWith('-or-end'))) {
      stack.pop()
      at += 1
      state = 'next'
    } else if (state === 'next') {
      if (letter !== ',') return stop
      at += 1
      state = stack.at(-1) === '{' ? 'key' : 'value'
    } else if (state === 'colon') {
      if (letter !== ':') return stop
      at += 1
      state = 'value'
    } else if (state === 'key' || state === 'key-or-end') {
      if (!take(key)) return stop
      state = 'colon'
    } else if (letter === '{' || letter === '[') {
      stack.push(letter)
      at += 1
      state = letter === '{' ? 'key-or-end' : 'value-or-end'
    } else {
      if (!take(scalar)) return stop
      state = 'next'
    }
  }
}

function expectedAt(text: string, offset: number): string {
  const { state, inside } = scan(text.slice(0, offset))
  switch (state) {
    case 'value':
    case 'value-or-end':
      return 'a value'
    case 'key':
      return 'a key in double quotes'
    case 'key-or-end':
      return 'a key in double quotes or }'
    case 'colon':
      return 'a colon'
    case 'next':
      return inside === undefined ? 'the end' : inside === '{' ? 'a comma or }' : 'a comma or ]'
  }
}

const quoteAt = (text: string, offset: number): string =>
  JSON.stringify(text.slice(offset, offset + 12).split('\n')[0])
