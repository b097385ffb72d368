import { describe, expect, test } from 'vitest'
import {
  eigenvalueRows,
  headlineNumbers,
  latestDocuments,
  methodEntries,
  provenanceEntries,
  settingsGroups,
} from '#shared/figures'
import { experimentSchema } from '#shared/schemas'
import { makeEigenpairs, makeTrace } from '../support/recorded/make-measurements.ts'
import { makeRun } from '../support/recorded/make-runs.ts'

const { detail, metrics } = makeRun({ id: 'a' })

describe('eigenvalueRows', () => {
  test('go from the largest to the smallest', () => {
    const rows = eigenvalueRows(makeEigenpairs())
    expect(rows.map(({ label }) => label)).toEqual([
      ...['λ₁', 'λ₂', 'λ₃', 'λ₄', 'λ₅', 'λ₆', 'λ₇', 'λ₈', 'λ₉', 'λ₁₀'],
      ...['λ₋₃', 'λ₋₂', 'λ₋₁'],
    ])
  })

  test('tell a pair above the tolerance', () => {
    const rows = eigenvalueRows({
      ...makeEigenpairs(),
      tolerance: 1e-3,
      top: [
        { value: 2, residual: 1e-6 },
        { value: 1, residual: 0.01 },
      ],
      bottom: [],
    })
    expect(rows.map(({ isConverged }) => isConverged)).toEqual([true, false])
    expect(rows[1]).toMatchObject({ value: '1.000', residual: '0.01', relativeResidual: '0.005' })
  })
})

describe('headlineNumbers', () => {
  test('carry their uncertainty', () => {
    const numbers = headlineNumbers(detail, metrics.at(-1) ?? null)
    expect(numbers.map(({ label }) => label)).toEqual([
      'Parameters n',
      'Training loss',
      'Validation loss',
      'Validation accuracy',
      'λmax',
      'λmin',
      'tr H',
      'Training time',
    ])
    expect(numbers.find(({ label }) => label === 'tr H')).toEqual({
      label: 'tr H',
      value: '37.3 ± 0.9',
      note: '1 s.e. over 64 probes',
    })
  })

  test('are few when little is known', () => {
    expect(headlineNumbers({ parameterCount: null, measurements: [] }, null)).toEqual([])
  })
})

test('the last document of a kind is the one shown', () => {
  const later = { ...makeTrace(), index: 4, value: 1 }
  expect(latestDocuments([makeTrace(), later]).trace).toBe(later)
})

describe('settingsGroups', () => {
  test('are titled as in the form', () => {
    expect(settingsGroups(experimentSchema.parse({})).map(({ title }) => title)).toEqual([
      'Experiment',
      'Data',
      'Model',
      'Training',
      'Measurement 1: Extreme eigenpairs',
      'Measurement 2: Trace',
      'Measurement 3: Spectral density',
    ])
  })

  test('name the branch of a union and every setting of it', () => {
    const groups = settingsGroups(
      experimentSchema.parse({
        data: { kind: 'teacher-student' },
        train: { loss: 'squared-error', optimizer: { kind: 'momentum' } },
        model: { hidden: [] },
      }),
    )
    const entries = groups.flatMap(({ entries }) => entries.map(({ term, value }) => [term, value]))
    expect(entries).toContainEqual(['Kind', 'Teacher and student'])
    expect(entries).toContainEqual(['Optimizer', 'Momentum'])
    expect(entries).toContainEqual(['Nesterov', 'no'])
    expect(entries).toContainEqual(['Hidden widths', 'none'])
  })
})

test('a dirty work tree is told with the commit', () => {
  const entries = provenanceEntries({ ...detail.provenance!, gitCommit: 'abc', gitDirty: true })
  expect(entries).toContainEqual({
    term: 'Git commit',
    value: 'abc with uncommitted changes',
    isCode: true,
  })
})

test('a measurement states method, cost and note', () => {
  const entries = methodEntries({ ...makeTrace(), note: 'try more probes' })
  expect(entries.map(({ term }) => term)).toEqual([
    'Method',
    'Measured at',
    'Samples',
    'Parameters',
    'Seed',
    'Cost',
    'Probes',
    'Note',
  ])
})
