import { expect, test } from 'vitest'
import { isScheduled, type StepSchedule } from '#learn/training'

const stepsOf = (schedule: StepSchedule, last: number): number[] =>
  Array.from({ length: last + 1 }, (_, step) => step).filter((step) => isScheduled(schedule, step))

test('none has no step', () => {
  expect(stepsOf({ kind: 'none' }, 100)).toEqual([])
})

test('linear has the multiples, the start being one', () => {
  expect(stepsOf({ kind: 'linear', everySteps: 30 }, 100)).toEqual([0, 30, 60, 90])
})

test('log has the rounded powers of ten, each once', () => {
  expect(stepsOf({ kind: 'log', perDecade: 4 }, 1000)).toEqual([
    0, 1, 2, 3, 6, 10, 18, 32, 56, 100, 178, 316, 562, 1000,
  ])
})

test.each([1, 2, 3, 7, 20])('log with %i a decade has exactly round(10^(k/n)) up to 10⁵', (n) => {
  const expected = Array.from({ length: 5 * n + 1 }, (_, k) => Math.round(10 ** (k / n)))
  const got = stepsOf({ kind: 'log', perDecade: n }, 100_000)
  expect(got).toEqual([0, ...new Set(expected)])
})
