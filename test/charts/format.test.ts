import { describe, expect, test } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatPowerOfTen,
  formatTime,
  formatToUncertainty,
  formatWithUncertainty,
} from '#shared/figures'

describe('formatWithUncertainty', () => {
  test.each([
    [0.328_97, 0.0004, '0.3290 ± 0.0004'],
    [37.284, 0.918, '37.3 ± 0.9'],
    [37.284, 0.96, '37.3 ± 1.0'],
    [0.010_74, 0.000_31, '0.01074 ± 0.00031'],
    [12_345, 230, '12,350 ± 230'],
    [-2.5, 0.02, '−2.500 ± 0.020'],
    [1.5e-7, 2e-9, '(1.500 ± 0.020)·10⁻⁷'],
    [2.2e9, 4e7, '(2.20 ± 0.04)·10⁹'],
    [0, 0.5, '0.0 ± 0.5'],
    [0.001, 0.5, '0.0 ± 0.5'],
  ])('rounds %f ± %f to the digits that are known', (value, uncertainty, text) => {
    expect(formatWithUncertainty(value, uncertainty)).toBe(text)
  })

  test('shows a value alone when there is no uncertainty to show', () => {
    expect(formatWithUncertainty(1.25, 0)).toBe('1.25')
    expect(formatWithUncertainty(1.25, Number.NaN)).toBe('1.25')
    expect(formatWithUncertainty(Number.NaN, 1)).toBe('not a number')
  })
})

describe('formatToUncertainty', () => {
  test('keeps the digits that a residual leaves standing, and never more than seven', () => {
    expect(formatToUncertainty(4.218_512_9, 0.0007)).toBe('4.2185')
    expect(formatToUncertainty(4.218_512_93, 1e-12)).toBe('4.218513')
    expect(formatToUncertainty(1.402_877_84, 3.5e-12)).toBe('1.402878')
    expect(formatToUncertainty(0.012_345_678_9, 1e-14)).toBe('0.01234568')
    expect(formatToUncertainty(4.218_512_93, 0)).toBe('4.218513')
    expect(formatToUncertainty(-0.0823, 0.02)).toBe('−0.082')
    expect(formatToUncertainty(1.2347e-8, 1e-10)).toBe('1.235·10⁻⁸')
  })
})

describe('formatNumber', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [1.5, '1.5'],
    [999_999.4, '999,999'],
    [1_000_000, '10⁶'],
    [0.000_12, '0.00012'],
    [1.234_56e-5, '1.235·10⁻⁵'],
    [-3e-9, '−3·10⁻⁹'],
    [9.999_96, '10'],
    [Infinity, '∞'],
    [Number.NaN, 'not a number'],
  ])('writes %f as %s', (value, text) => {
    expect(formatNumber(value, text === '999,999' ? 6 : 4)).toBe(text)
  })
})

describe('other formats', () => {
  test('counts get separators and durations their two largest units', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567')
    expect([0, 850, 12_340, 59_990, 245_000, 7_380_000, 190_000_000].map(formatDuration)).toEqual([
      '0 ms',
      '850 ms',
      '12.3 s',
      '1 min 00 s',
      '4 min 05 s',
      '2 h 03 min',
      '2 d 4 h',
    ])
  })

  test('sizes, shares, powers and times read as a person writes them', () => {
    expect([0, 999, 1000, 41_812, 33_658_077_184].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '41.8 kB',
      '33.7 GB',
    ])
    expect(formatPercent(0.9643)).toBe('96.4 %')
    expect([-12, 0, 1, 3].map(formatPowerOfTen)).toEqual(['10⁻¹²', '1', '10', '10³'])
    expect(formatTime('2026-01-31T14:05:06.789Z')).toBe('2026-01-31 14:05:06 UTC')
  })
})
