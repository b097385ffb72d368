import { describe, expect, test } from 'vitest'
import {
  dataCardEntries,
  eigenvalueRows,
  headlineNumbers,
  latestOf,
  methodEntries,
  provenanceEntries,
  settingsGroups,
  trainingEndText,
} from '#shared/figures'
import { experimentSchema } from '#shared/schemas'
import { makeEigenpairs, makeTrace } from '../support/recorded/make-measurements.ts'
import { makeRun, oldCard, textCard } from '../support/recorded/make-runs.ts'

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
      alarm: null,
    })
  })

  test('are few when little is known', () => {
    expect(headlineNumbers({ parameterCount: null, measurements: [] }, null)).toEqual([])
  })
})

test('the document of the last step is the one shown, of these the last', () => {
  const later = { ...makeTrace(), index: 4, value: 1 }
  expect(latestOf([makeTrace(), later])).toBe(later)
  const earlier = { ...later, index: 5, step: 100 }
  expect(latestOf([makeTrace(), earlier])).not.toBe(earlier)
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

  test('name what has no kind by the setting it belongs to', () => {
    const groups = settingsGroups(
      experimentSchema.parse({ train: { stop: { maxSteps: 1_200, targetLoss: 0.1 } } }),
    )
    const entries = groups.flatMap(({ entries }) => entries.map(({ term, value }) => [term, value]))
    expect(entries).toContainEqual(['Stop early: Steps', '1,200'])
    expect(entries).toContainEqual(['Stop early: Target loss', '0.1'])
    expect(entries).toContainEqual(['Learning rate schedule', 'Constant'])
    expect(entries).toContainEqual(['Snapshots', 'Only the last'])
  })
})

test.each([
  [{ step: 920, reason: 'epochs' }, 'ended after 920 steps: all epochs done'],
  [{ step: 1_200, reason: 'target-loss' }, 'stopped after 1,200 steps: target loss reached'],
  [{ step: 1, reason: 'divergence' }, 'stopped after 1 step: the loss diverged'],
] as const)('the end %o is told in words', (end, text) => {
  expect(trainingEndText(end)).toBe(text)
})

describe('dataCardEntries', () => {
  const told = (card: typeof textCard) =>
    dataCardEntries(card).map(({ term, value }) => `${term}: ${value}`)

  test('tell of images their shape, classes and dimensions with what is known of them', () => {
    expect(told(detail.dataCard!)).toEqual([
      'Kind: digits',
      'Source: UCI optical handwritten digits (resources/data/digits-8x8)',
      'Training samples: 1,438',
      'Validation samples: 359',
      'Features: 64, as 1 × 8 × 8',
      'Outputs: 10',
      'Classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9',
      'Samples a class: 142, 146, 141, 147, 145, 146, 145, 143, 140, 143',
      'Features, mean ± deviation: 0.305 ± 0.376',
      'Dimension, two neighbours: 8.94, 95 % in 8.49 to 9.43, from 1,438 samples',
      'Dimension, Levina and Bickel: 8.31, from 1,438 samples',
      'Participation ratio: 13.2, from 1,438 samples',
    ])
  })

  test('tell of text its vocabulary, length and bytes a token, and no moments', () => {
    expect(told(textCard).slice(4)).toEqual([
      'Features: 64',
      'Vocabulary: 8,192 tokens',
      'Sequence length: 64 tokens',
      'Bytes a token: 4.37',
      'Outputs: 8,192',
    ])
  })

  test('leave out what a card of an earlier version does not know', () => {
    expect(dataCardEntries(oldCard).map(({ term }) => term)).toEqual([
      'Kind',
      'Source',
      'Training samples',
      'Validation samples',
      'Features',
      'Outputs',
      'Samples a class',
      'Features, mean ± deviation',
    ])
  })

  test('tell channels apart where there are several', () => {
    const colored = { ...oldCard, channelMeans: [0.1, 0.2], channelDeviations: [1, 2] }
    expect(told(colored).at(-1)).toBe('Channels, mean ± deviation: 0.1 ± 1, 0.2 ± 2')
  })

  test('shorten long lists of classes', () => {
    const names = Array.from({ length: 100 }, (_, i) => `c${String(i)}`)
    const entries = dataCardEntries({
      ...oldCard,
      classNames: names,
      classCounts: names.map(() => 5),
    })
    expect(entries.find(({ term }) => term === 'Classes')?.value).toMatch(/, c19 and 80 more$/)
    expect(entries.find(({ term }) => term === 'Samples a class')?.value).toBe(
      '5 to 5 over 100 classes',
    )
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
    'Matrix',
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
