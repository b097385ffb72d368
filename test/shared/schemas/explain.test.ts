import { describe, expect, it } from 'vitest'
import { experimentSchema, explainSpecError, nearestName } from '#shared/schemas'

const explain = (input: unknown): string[] => {
  const parsed = experimentSchema.safeParse(input)
  return parsed.success ? [] : explainSpecError(parsed.error, input).map(({ message }) => message)
}

describe('explainSpecError', () => {
  const cases: [string, unknown, string[]][] = [
    [
      'a mistyped key is named with the nearest right one, wherever it belongs',
      { train: { learningrat: 0.1 } },
      ['unknown key train.learningrat; did you mean train.optimizer.learningRate?'],
    ],
    ['a mistyped section', { modle: {} }, ['unknown key modle; did you mean model?']],
    ['a key one floor too high', { epochs: 3 }, ['unknown key epochs; did you mean train.epochs?']],
    [
      'a key unlike any other comes with those allowed at its place',
      { model: { zzz: 1 } },
      [
        'unknown key model.zzz; allowed in model: kind, hidden, bias, residual, activation, initialization, parameterization, parameters, sizeBy, weights',
      ],
    ],
    [
      'a key of another kind comes with those of the kind chosen',
      { train: { optimizer: { kind: 'sgd', beta1: 0.5 } } },
      [
        'unknown key train.optimizer.beta1; allowed in train.optimizer: kind, learningRate, weightDecay, clipNorm',
      ],
    ],
    [
      'a number out of range is named with path, bound and value',
      { train: { batchSize: 0, epochs: 1.5 } },
      ['train.batchSize must be at least 1, got 0', 'train.epochs must be an integer, got 1.5'],
    ],
    [
      'a wrong choice is named with all choices and the nearest',
      { model: { activation: 'rellu' } },
      [
        'model.activation must be one of tanh, relu, gelu, silu, softplus, logistic, identity, got "rellu"; did you mean relu?',
      ],
    ],
    [
      'a wrong kind is named with all kinds',
      { data: { kind: 'mnits' } },
      [
        'data.kind must be one of digits, mnist, cifar, image-folder, webdataset, image-parquet, idx, text, gaussian-mixture, curved-manifold, teacher-student, chebyshev, file, got "mnits"; did you mean mnist?',
      ],
    ],
    [
      'places in lists have their index',
      { measure: [{ kind: 'trace' }, { kind: 'trace', probs: 3 }] },
      ['unknown key measure[1].probs; did you mean measure[1].probes?'],
    ],
    [
      'rules between keys speak of their key',
      { data: { kind: 'teacher-student' } },
      ['train.loss must be squared-error for regression data (teacher-student), got cross-entropy'],
    ],
    [
      'a network that the data cannot feed is refused',
      { model: { kind: 'cnn' }, data: { kind: 'text' } },
      ['model.kind must be mlp or transformer for text data, got cnn'],
    ],
    [
      'heads must divide the width',
      { model: { kind: 'transformer', heads: 5 } },
      ['model.heads must divide the width 64, got 5'],
    ],
    [
      'a stage has a channel count and a stride',
      { model: { kind: 'cnn', channels: [4] } },
      ['model.strides must be as many as model.channels, 1, got 2'],
    ],
    [
      'an average and rates by tensor are refused where an optimizer has none',
      {
        model: { parameterization: { kind: 'mup' } },
        train: { optimizer: { kind: 'lbfgs' }, averageDecay: 0.9 },
      },
      ['train.averageDecay must be 0 with lbfgs, got 0.9'],
    ],
    [
      'NaN is not called null',
      { train: { batchSize: NaN } },
      ['train.batchSize must be a number, got NaN'],
    ],
    ['what is no object', 5, ['the value must be an object, got 5']],
    ['an empty list', { seeds: [] }, ['seeds must have at least 1 element, got []']],
  ]
  it.each(cases)('%s', (_, input, expected) => {
    expect(explain(input)).toEqual(expected)
  })

  it('names every bad key at once', () => {
    expect(explain({ a: 1, b: 2, train: { c: 3, batchSize: 'x' } })).toHaveLength(4)
  })

  it('a long value is cut', () => {
    expect(explain({ name: 'x'.repeat(5_000) })[0]!.length).toBeLessThan(120)
  })
})

describe('nearestName', () => {
  it.each([
    ['rnu', ['run', 'resume'], 'run'],
    ['learningrate', ['learningRate', 'loss'], 'learningRate'],
    ['eigen', ['eigenpairs', 'trace'], 'eigenpairs'],
    ['zebra', ['run', 'list'], null],
    ['', ['a'], 'a'],
  ])('%s', (name, candidates, expected) => {
    expect(nearestName(name, candidates)).toBe(expected)
  })
})
