import { expect, test } from 'vitest'
import type { ExperimentContext } from '#lab/experiments'
import { createProgressReporter } from '../../../../src-main/lab/experiments/progress.ts'

type Emitted = Parameters<ExperimentContext['emit']>[0]

test('work that outgrows its forecast is never more than all of it, and its end is unknown', () => {
  const emitted: Emitted[] = []
  const context = { emit: (event: Emitted) => emitted.push(event) } as unknown as ExperimentContext
  const report = createProgressReporter(context, 'measuring', 'scalar (1 of 1)', 64)
  report(1)
  report(204)
  expect(emitted).toMatchObject([
    { type: 'progressed', progress: { done: 1, total: 64 } },
    { type: 'progressed', progress: { done: 204, total: 204, etaMs: null } },
  ])
})
