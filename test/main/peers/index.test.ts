import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const rows = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| *(T?\d+) *\|/.test(line))
  .map((line) => {
    // A bar inside a cell is escaped.
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
    return { number: cells[1]!, file: cells[3]!.replaceAll('`', ''), title: cells[4]! }
  })

test('every trap and every known answer has a test', () => {
  const numbers = [
    ...Array.from({ length: 15 }, (_, i) => `T${String(i + 1)}`),
    ...Array.from({ length: 14 }, (_, i) => String(i + 1)),
  ]
  expect([...new Set(rows.map(({ number }) => number))]).toEqual(numbers)
})

test.each(rows)('$number is tested: $title', ({ file, title }) => {
  const path = join(root, file)
  expect(existsSync(path), file).toBe(true)
  const source = readFileSync(path, 'utf8')
  expect(source).toContain(`'${title}'`)
  // A title that stands after `skip` or `todo` tests nothing.
  expect(source).not.toMatch(/\b(test|it|describe)\.(skip|todo|only)\b/)
})
