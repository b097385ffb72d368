import { expect, test } from 'vitest'
import { describeRun } from '../../../../src-main/hosts/cli/describe-run.ts'
import { makeRun } from '../../../support/recorded/make-runs.ts'
import { measured } from '../../../support/recorded/recordings.ts'

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

test('measurements begin with what must not be missed; of snapshots the last is shown and the rest counted', () => {
  const lines = describeRun(measured.runs[0]!.detail).split('\n')
  const line = (label: RegExp): string | undefined => lines.find((each) => label.test(each))
  expect(line(/^trace, step 920 /)).toMatch(
    /tr H = 26\.1 ± 0\.4 · .* · 5 snapshots before, 1 not to be taken as they are$/,
  )
  expect(line(/^eigenpairs of G /)).toMatch(/^eigenpairs of G +◐ NOT CONVERGED · top 4\.225/)
  expect(line(/^density of G /)).toMatch(/✕ INCONSISTENT · ✕ The moment self-check does not hold/)
  expect(lines.filter((each) => each.startsWith('density,'))).toHaveLength(1)
})
