import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  deviationOf,
  runCheck,
  type KnownAnswerCheck,
} from '../../../../src-main/lab/experiments/checks/check.ts'
import { knownAnswerChecks } from '../../../../src-main/lab/experiments/checks/index.ts'

describe('known-answer checks', () => {
  test('are at least 40, each with an id of its own', () => {
    expect(knownAnswerChecks.length).toBeGreaterThanOrEqual(40)
    expect(new Set(knownAnswerChecks.map(({ id }) => id)).size).toBe(knownAnswerChecks.length)
  })

  test('are as many as README says', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../../README.md'), 'utf8')
    const [, count] = /`check` \((\d+) computations whose answers are known\)/.exec(readme)!
    expect(Number(count)).toBe(knownAnswerChecks.length)
  })

  test.each(knownAnswerChecks)('$id passes: $title', async (check) => {
    const report = await runCheck(check)
    expect(report.deviation, JSON.stringify(report)).toBeLessThanOrEqual(report.tolerance)
    expect(report.expected.length).toBeGreaterThan(0)
    expect(report.passed).toBe(true)
  })
})

describe('runCheck', () => {
  const check = (got: number[]): KnownAnswerCheck => ({
    id: 'x',
    title: 'x',
    source: 'x',
    run: () => ({ expected: [1, 2], got, tolerance: 1e-3, kind: 'relative' }),
  })

  test('fails what is beyond its tolerance, of another length, or not finite', async () => {
    for (const got of [[1, 2.1], [1], [1, NaN]]) {
      expect((await runCheck(check(got))).passed).toBe(false)
    }
    expect((await runCheck(check([1.0001, 2]))).passed).toBe(true)
    expect(deviationOf({ expected: [2], got: [2.5], tolerance: 1, kind: 'absolute' })).toBe(0.5)
  })

  test('reports a check that throws as failed, with its message', async () => {
    const report = await runCheck({
      ...check([]),
      run: () => {
        throw new Error('no convergence')
      },
    })
    expect(report.passed).toBe(false)
    expect(report.title).toBe('x: no convergence')
  })
})
