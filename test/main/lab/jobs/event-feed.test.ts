import { expect, test } from 'vitest'
import { silentLogger } from '#base'
import { openStore } from '#lab/store'
import type { EigenpairsDocument } from '#shared/schemas'
import { eventFeed } from '../../../../src-main/lab/jobs/event-feed.ts'
import { specOf, temporaryFolder, traceAt } from '../store/fixtures.ts'

/** Eigenpairs of the whole Hessian at a step. */
function pairsAt(step: number, value: number): EigenpairsDocument {
  const { index, note, method, seed, parameterCount, sampleCount, cost } = traceAt(0, 0)
  const facts = { index, note, method, seed, parameterCount, sampleCount, cost, step }
  return {
    ...facts,
    kind: 'eigenpairs',
    status: 'converged',
    operator: 'hessian',
    size: null,
    tensors: null,
    split: 'training',
    tolerance: 0.001,
    top: [{ value, residual: 0 }],
    bottom: [],
    orthogonalityLoss: 0,
    blockSize: 1,
    fileName: null,
  }
}

test('the list of runs shows λmax of the end of training, not the largest on the way there', () => {
  using store = openStore(temporaryFolder(), { logger: silentLogger })
  const { id: runId } = store.createRuns([specOf({})])[0]!
  const feed = eventFeed({
    store,
    runId,
    resumedAtStep: -1,
    logger: silentLogger,
    onEvent: () => {},
    onFailure: () => {},
  })
  feed.accept({ type: 'trained', end: { step: 60, reason: 'epochs' } })
  for (const [step, value] of [
    [0, 9],
    [30, 7],
  ] as const) {
    feed.accept({ type: 'measured', document: pairsAt(step, value) })
  }
  expect(store.runs.get(runId).topEigenvalue).toBeNull()
  feed.accept({ type: 'measured', document: pairsAt(60, 2) })
  expect(store.runs.get(runId).topEigenvalue).toBe(2)
  feed.close()
})
