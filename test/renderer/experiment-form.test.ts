import { describe, expect, test } from 'vitest'
import { experimentSchema, type ExperimentInput } from '#shared/schemas'
import {
  draftOf,
  type GroupDraft,
  type VariantDraft,
} from '../../src-renderer/components/design/draft.ts'
import { estimateText } from '../../src-renderer/components/design/estimate.ts'
import {
  experimentForm,
  formColumns,
  formValue,
  freshDraft,
  loadDraft,
  saveDraft,
} from '../../src-renderer/components/design/experiment-form.ts'
import { fieldFrom } from '../../src-renderer/components/design/fields.ts'
import { checkSpec } from '../../src-renderer/components/design/issues.ts'

const form = experimentForm()
const roundTrip = (spec: ExperimentInput): unknown =>
  experimentSchema.parse(formValue(form, draftOf(form, spec) as GroupDraft))
const issuesOf = (spec: object) =>
  checkSpec(form, formValue(form, draftOf(form, spec) as GroupDraft)).issues.map(
    ({ path, message }) => `${path}: ${message}`,
  )

describe('experimentForm', () => {
  test('untouched gives exactly the default spec of the schema', () => {
    expect(experimentSchema.parse(formValue(form, freshDraft(form)))).toEqual(
      experimentSchema.parse({}),
    )
  })

  test.each<ExperimentInput>([
    { data: { kind: 'mnist', samples: 500 } },
    { data: { kind: 'text', context: 7 } },
    { data: { kind: 'gaussian-mixture', intrinsicDimension: 3, labelNoise: 0.25 } },
    { data: { kind: 'teacher-student', teacherHidden: [] }, train: { loss: 'squared-error' } },
    { data: { kind: 'file', path: 'a b/c.npz', standardize: false } },
    { train: { optimizer: { kind: 'sgd', learningRate: 1e-9 } }, seeds: [4, 5, 2 ** 32 - 1] },
    { train: { optimizer: { kind: 'momentum', nesterov: true } }, model: { hidden: [] } },
    { data: { kind: 'cifar', path: '/c', augmentation: { copies: 4, flip: false } } },
    { data: { kind: 'webdataset', path: '/w', classes: 9 }, measureSamples: 100 },
    { data: { kind: 'text', path: '/t', tokenizer: '/t.json', vocabulary: 'tokenizer' } },
    { model: { kind: 'cnn', channels: [4], strides: [2], pooling: 'average', weights: '/w.npz' } },
    { model: { kind: 'resnet', parameterization: { kind: 'mup', baseWidth: 8 }, parameters: 1e5 } },
    { model: { kind: 'transformer', positions: 'rotary', tiedEmbeddings: false } },
    {
      train: {
        schedule: { kind: 'cosine', warmupSteps: 10, finalShare: 0.1 },
        snapshots: { kind: 'log', perDecade: 3 },
        stop: { maxSeconds: 1.5, patience: 3 },
        averageDecay: 0.99,
      },
    },
    { measure: [] },
    { measure: [{ kind: 'density', probes: 3 }, { kind: 'density' }] },
    {
      train: { snapshots: { kind: 'log' } },
      measure: [
        { kind: 'eigenpairs', operator: 'ggn', tensors: ['layers.0', 'layers.1.bias'] },
        { kind: 'interior', target: -0.5, count: 7, split: 'validation' },
        { kind: 'trace', method: 'xtrace', precision: 0.02, at: 'snapshots' },
        { kind: 'scalar', quantity: 'effective-dimension', scale: 0.1, samples: 100 },
        { kind: 'diagonal', maxProducts: 200 },
        { kind: 'density', outliers: 20, level: 0.9, resamples: 8, crossCheck: true },
        { kind: 'evolution', top: 3, operator: 'monte-carlo-fisher', draws: 4 },
        { kind: 'dense', operator: 'ntk' },
      ],
    },
  ])('gives back the spec it was filled with: %o', (spec) => {
    expect(roundTrip(spec)).toEqual(experimentSchema.parse(spec))
  })

  test('has a control for every field of the schema and a place for every control', () => {
    const shown = formColumns(form)
      .flat()
      .flatMap(({ fields }) => fields.map(({ key }) => key))
    // A sweep is written in JSON.
    expect([...shown, 'sweep'].toSorted()).toEqual(form.fields.map(({ key }) => key).toSorted())
  })

  test('has every kind of measurement with sensible defaults, what is seldom changed out of sight', () => {
    const list = form.fields.find(({ key }) => key === 'measure')
    if (list?.type !== 'list') throw new Error('measure is not a list')
    const seen = list.item.variants.map(({ group }) => [
      group.title,
      group.fields.filter(({ isAdvanced }) => !isAdvanced).map(({ title }) => title),
    ])
    expect(Object.fromEntries(seen)).toEqual({
      'Extreme eigenpairs': ['Largest', 'Smallest', 'Tolerance', 'Budget', 'Matrix'],
      'Interior eigenvalues': ['Near', 'How many', 'Tolerance', 'Budget', 'Matrix'],
      Trace: ['Method', 'Probes', 'Precision', 'Matrix'],
      Scalar: ['Quantity', 'Probes', 'Precision', 'Matrix'],
      Diagonal: ['Probes', 'Precision', 'Matrix'],
      'Spectral density': ['Probes', 'Lanczos steps', 'Outliers', 'Data groups', 'Matrix'],
      'Evolution over snapshots': ['Largest', 'Smallest', 'Tolerance', 'Budget', 'Matrix'],
      'Whole spectrum': ['Matrix'],
    })
    for (const { kind } of list.item.variants) {
      const spec = { train: { snapshots: { kind: 'log' } }, measure: [{ kind }] }
      expect(issuesOf(spec)).toEqual([])
    }
  })

  test('refuses a schema it has no control for', () => {
    expect(() => fieldFrom('x', { type: 'null' })).toThrow('no control for the schema of x')
  })
})

describe('checkSpec', () => {
  test.each<[object, string[]]>([
    [{ name: '' }, ['name: must not be empty, got nothing']],
    [
      { train: { batchSize: 0 } },
      ['train.batchSize: must be a whole number in 1…1,000,000, got 0'],
    ],
    [{ train: { epochs: 2.5 } }, ['train.epochs: must be a whole number in 0…1,000,000, got 2.5']],
    [
      { train: { optimizer: { kind: 'sgd', learningRate: '1e-' } } },
      ['train.optimizer.learningRate: must be a number above 0 and at most 1,000, got "1e-"'],
    ],
    [
      { train: { optimizer: { kind: 'adam', beta1: 1 } } },
      ['train.optimizer.beta1: must be a number at least 0 and below 1, got 1'],
    ],
    [
      { model: { hidden: [32, 0, -1] } },
      ['model.hidden: each must be a whole number in 1…1,000,000, got 0'],
    ],
    [{ seeds: [] }, ['seeds: must list at least 1 and at most 64 numbers, got []']],
    [
      { measure: [{ kind: 'trace' }, { kind: 'density', probes: 1 }] },
      ['measure.1.probes: must be a whole number in 2…1,000, got 1'],
    ],
    [
      { measure: [{ kind: 'eigenpairs', tensors: ['layers.0', 'x'.repeat(201)] }] },
      [`measure.0.tensors: each must be at most 200 characters long, got "${'x'.repeat(201)}"`],
    ],
    [
      {
        measure: [
          {
            kind: 'trace',
            tensors: Array.from({ length: 201 }, (_, i) => `t${String(i)}`),
          },
        ],
      },
      [expect.stringMatching(/^measure\.0\.tensors: must list at most 200, got \["t0"/) as string],
    ],
    [
      { measure: [{ kind: 'trace', at: 'snapshots' }] },
      ['measure.0.at: needs weights of several steps: train.snapshots must not be none'],
    ],
    [{ data: { kind: 'file' } }, ['data.path: must not be empty, got nothing']],
    [
      { data: { kind: 'teacher-student' } },
      [
        'train.loss: must be squared-error for regression data (teacher-student), got cross-entropy',
      ],
    ],
    [
      { data: { kind: 'gaussian-mixture', dimension: 4, intrinsicDimension: 5 } },
      ['data.intrinsicDimension: must be in 1…4 (the dimension), got 5'],
    ],
  ])('names the field and what is allowed: %o', (spec, expected) => {
    expect(issuesOf(spec)).toEqual(expected)
  })

  test('passes a right spec on', () => {
    expect(checkSpec(form, formValue(form, freshDraft(form)))).toEqual({
      spec: experimentSchema.parse({}),
      issues: [],
    })
  })
})

describe('a draft', () => {
  test('keeps what was typed for one kind while another is chosen', () => {
    const draft = draftOf(form, { data: { kind: 'mnist', samples: 77 } }) as GroupDraft
    const data = draft.data as VariantDraft
    const other = { ...draft, data: { ...data, kind: 'digits' } }
    expect(experimentSchema.parse(formValue(form, other)).data.kind).toBe('digits')
    const back = { ...other, data: { ...other.data, kind: 'mnist' } }
    expect(experimentSchema.parse(formValue(form, back)).data).toMatchObject({ samples: 77 })
  })

  test('survives the storage, and a broken or old storage gives a fresh one', () => {
    const draft = draftOf(form, { name: 'kept' }) as GroupDraft
    saveDraft(draft)
    expect(loadDraft(form)).toEqual(draft)
    const [fresh, kept] = [JSON.parse(JSON.stringify(freshDraft(form))), '{"name":"kept"']
    const olds = [
      { ...fresh, model: { hidden: '32, 32', bias: true } }, // before there were kinds of models
      { ...fresh, data: { ...fresh.data, kind: 'gone' } },
      { ...fresh, train: { ...fresh.train, loss: 'gone' } },
      { ...fresh, measure: [{ kind: 'trace' }] },
    ].map((old) => JSON.stringify(old))
    for (const broken of ['{', '[]', 'null', '{"name":1}', kept, ...olds]) {
      localStorage.setItem('saddle.draft', broken)
      expect(loadDraft(form)).toEqual(freshDraft(form))
    }
    localStorage.clear()
  })
})

describe('estimateText', () => {
  test.each<[ExperimentInput, number | null, string]>([
    [{}, null, '1 run of 3,466 parameters.'],
    [{ seeds: [1, 2], model: { hidden: [], bias: false } }, null, '2 runs of 640 parameters each.'],
    [{ data: { kind: 'text' } }, null, '1 run; a look at the data counts the parameters.'],
    [{ data: { kind: 'text' } }, 41_216, '1 run of 41,216 parameters.'],
    [{ model: { kind: 'resnet' } }, null, '1 run; a look at the data counts the parameters.'],
    [{ model: { kind: 'cnn', parameters: 5_000 } }, null, '1 run of about 5,000 parameters.'],
    [{ model: { kind: 'cnn', parameters: 5_000 } }, 5_130, '1 run of 5,130 parameters.'],
  ])('counts runs and parameters: %o, counted %o', (spec, counted, text) => {
    expect(estimateText(experimentSchema.parse(spec), counted)).toBe(text)
  })
})
