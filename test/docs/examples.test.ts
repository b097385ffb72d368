import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as operators from '#geometry/operators'
import * as spectral from '#geometry/spectral'
import * as figures from '#shared/figures'
import * as program from '#tensor/program'

const root = join(import.meta.dirname, '..', '..')
const names: Record<string, unknown> = { ...operators, ...spectral, ...figures, ...program }

/** Code of the `@example` blocks of a source file; what is only a comment is no code. */
function examplesOf(file: string): string[] {
  const blocks = readFileSync(join(root, file), 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? []
  return blocks.flatMap((block) => {
    const text = block.replaceAll(/^\s*(\/\*\*|\*\/|\* ?)/gm, '').replace(/\*\/$/, '')
    const example = /@example\n([\s\S]*?)(?=\n@|$)/.exec(text)?.[1]?.trim() ?? ''
    return example.split('\n').every((line) => line === '' || line.startsWith('//'))
      ? []
      : [example]
  })
}

/** `expression // ≈ value` becomes a check; `// value` after an expression likewise. */
const checked = (code: string): string =>
  code
    .split('\n')
    .map((line) => {
      const match = /^(?!const |let )(.+?)\s+\/\/ (≈ )?(.+)$/.exec(line)
      return match === null ? line : `check(${match[1]!}, ${match[3]!})`
    })
    .join('\n')

const examples = globSync('src-{main,shared}/**/*.ts', { cwd: root })
  .sort()
  .flatMap((file) => examplesOf(file).map((code) => ({ file, code })))

describe('examples in docstrings', () => {
  test('are there', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3)
  })

  test.each(examples)('run and give what they say: $file', async ({ code }) => {
    const check = (got: unknown, expected: unknown): void => {
      if (!Array.isArray(expected)) {
        expect(got).toEqual(expected)
        return
      }
      const numbers = Array.from(got as ArrayLike<number>)
      expect(numbers).toHaveLength(expected.length)
      numbers.forEach((x, i) => {
        expect(x).toBeCloseTo(expected[i] as number, 8)
      })
    }
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own docstrings, run as tests
    const run = new Function(
      'check',
      ...Object.keys(names),
      `return (async () => {${checked(code)}})()`,
    )
    await run(check, ...Object.values(names))
  })
})
