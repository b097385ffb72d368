import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { darkColors, lightColors } from '#shared/figures'

const css = readFileSync('src-renderer/styles/tokens.css', 'utf8')

const token = (name: string): readonly [string, string] => {
  const found = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css)
  return [found?.[1] ?? '', found?.[2] ?? '']
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

const contrast = (a: string, b: string): number => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high! + 0.05) / (low! + 0.05)
}

test('the tokens of the style sheet are the colors of reports', () => {
  const names = ['ink', 'ink-soft', 'line', 'surface']
  expect(names.map((name) => token(name)[0])).toEqual([
    lightColors.ink,
    lightColors.inkSoft,
    lightColors.line,
    lightColors.surface,
  ])
  expect(names.map((name) => token(name)[1])).toEqual([
    darkColors.ink,
    darkColors.inkSoft,
    darkColors.line,
    darkColors.surface,
  ])
  expect(lightColors.series.map((_, i) => token(`series-${String(i + 1)}`))).toEqual(
    lightColors.series.map((color, i) => [color, darkColors.series[i]]),
  )
})

test.each(['ink', 'ink-soft', 'accent', 'good', 'warning', 'bad'])(
  'text in %s has a contrast of 4.5 on every ground',
  (name) => {
    for (const ground of ['paper', 'surface', 'sunken', 'hover']) {
      for (const theme of [0, 1] as const) {
        expect(contrast(token(name)[theme], token(ground)[theme])).toBeGreaterThan(4.5)
      }
    }
  },
)

test('edges of controls and the text on a primary button stand out', () => {
  for (const theme of [0, 1] as const) {
    expect(contrast(token('line-strong')[theme], token('surface')[theme])).toBeGreaterThan(3)
    expect(contrast(token('on-accent')[theme], token('accent')[theme])).toBeGreaterThan(4.5)
  }
})
