import { expect, test } from 'vitest'
import { describeRun } from '../../../../src-main/hosts/cli/describe-run.ts'
import { makeRun } from '../../../support/recorded/make-runs.ts'

test('a run is shown with why its training ended and the weights it left', () => {
  const { detail } = makeRun({
    id: 'a',
    detail: { trainingEnd: { step: 1_200, reason: 'target-loss' } },
  })
  const lines = describeRun(detail).split('\n')
  expect(lines).toContain('end         stopped after 1,200 steps: target loss reached')
  expect(lines).toContain('weights     weights-000000920-e3b0c442.safetensors (a-b)')
})

test('a run whose training has not ended says nothing of an end', () => {
  const { detail } = makeRun({ id: 'a', status: 'running' })
  expect(describeRun(detail)).not.toMatch(/^ended/m)
})
