import { describe, expect, test } from 'vitest'
import { safeFileName } from '../../src-renderer/composables/download.ts'
import {
  sortFromQuery,
  sortRuns,
  sortToQuery,
} from '../../src-renderer/components/live/run-columns.ts'
import { mergeMetricRows } from '../../src-renderer/state/metric-rows.ts'
import { makeMetrics } from '../support/recorded/make-metrics.ts'
import { makeRun } from '../support/recorded/make-runs.ts'

const rows = makeMetrics(0, 6)

describe('mergeMetricRows', () => {
  test('adds what comes after', () => {
    expect(mergeMetricRows(rows.slice(0, 3), rows.slice(3))).toEqual(rows)
  })

  test('lets a resumed run repeat its steps, in any order', () => {
    const again = { ...rows[2]!, trainLoss: 7 }
    expect(mergeMetricRows(rows, [again]).map(({ trainLoss }) => trainLoss)[2]).toBe(7)
    expect(mergeMetricRows(rows.slice(0, 2), [rows[4]!, rows[3]!, rows[2]!])).toEqual(
      rows.slice(0, 5),
    )
  })

  test('gives the same list when nothing came', () => {
    expect(mergeMetricRows(rows, [])).toBe(rows)
  })
})

describe('sortRuns', () => {
  const runs = [
    makeRun({ id: 'a', seed: 2 }),
    makeRun({ id: 'b', status: 'queued', seed: 1 }),
    makeRun({ id: 'c', seed: 3 }),
  ].map(({ detail }) => detail.summary)
  const ids = (text: string): string =>
    sortRuns(runs, sortFromQuery(text), 0)
      .map(({ id }) => id)
      .join('')

  test('keeps what is not known last in both directions', () => {
    expect(ids('loss')).toMatch(/b$/)
    expect(ids('-loss')).toMatch(/b$/)
  })

  test('keeps the order of the engine for an unknown column', () => {
    expect(ids('nonsense')).toBe('abc')
    expect(ids('-seed')).toBe('cab')
    expect(sortToQuery(sortFromQuery('-seed'))).toBe('-seed')
  })
})

test('a file name is only a name', () => {
  expect(safeFileName('../../etc/passwd')).toBe('etc-passwd')
  expect(safeFileName('a/b\\c:d "λ" <x>')).toBe('a-b-c-d-λ-x')
  expect(safeFileName('...')).toBe('figure')
})
