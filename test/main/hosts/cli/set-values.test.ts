import { describe, expect, it } from 'vitest'
import { parseAssignment, setValues } from '../../../../src-main/hosts/cli/set-values.ts'
import { experimentSchema } from '#shared/schemas'

const set = (spec: unknown, ...texts: string[]) =>
  setValues(spec, texts.map(parseAssignment)) as never

describe('--set', () => {
  it.each([
    ['train.batchSize=32', { train: { batchSize: 32 } }],
    ['name=A first try', { name: 'A first try' }],
    ['name="5"', { name: '5' }],
    ['model.hidden=[8,8]', { model: { kind: 'mlp', hidden: [8, 8] } }],
    ['model.bias=false', { model: { kind: 'mlp', bias: false } }],
    ['data.path=a=b.csv', { data: { kind: 'digits', path: 'a=b.csv' } }],
  ])('%s', (text, expected) => {
    expect(set({}, text)).toEqual(expected)
  })

  it('a key inside a choice keeps the default choice', () => {
    const spec = experimentSchema.parse(set({}, 'train.optimizer.learningRate=0.5'))
    expect(spec.train.optimizer).toMatchObject({ kind: 'adam', learningRate: 0.5 })
  })

  it('a choice starts clean', () => {
    const spec = experimentSchema.parse(
      set({}, 'train.optimizer.kind=sgd', 'train.optimizer.learningRate=1'),
    )
    expect(spec.train.optimizer).toEqual({
      kind: 'sgd',
      learningRate: 1,
      weightDecay: 0,
      clipNorm: 0,
    })
  })

  it('another kind drops the keys of the one before', () => {
    const spec = { train: { optimizer: { kind: 'adam', beta1: 0.5, learningRate: 1 } } }
    expect(set(spec, 'train.optimizer.kind=sgd')).toEqual({ train: { optimizer: { kind: 'sgd' } } })
    expect(set(spec, 'train.optimizer.kind=adam')).toEqual(spec)
  })

  it('an element of a list that is not written down is that of the default list', () => {
    const spec = experimentSchema.parse(set({}, 'measure[0].top=5'))
    expect(spec.measure).toHaveLength(3)
    expect(spec.measure[0]).toMatchObject({ kind: 'eigenpairs', top: 5 })
  })

  it('the rest of a spec is kept and the spec given is not changed', () => {
    const spec = { name: 'x', train: { epochs: 3 } }
    expect(set(spec, 'train.batchSize=1')).toEqual({
      name: 'x',
      train: { epochs: 3, batchSize: 1 },
    })
    expect(spec).toEqual({ name: 'x', train: { epochs: 3 } })
  })

  it.each(['x', '=3', '.a=1', 'a..b=1', 'a[x]=1', '__proto__.x=1', 'a.__proto__=1', 'a[99999]=1'])(
    '%s is refused',
    (text) => {
      expect(() => parseAssignment(text)).toThrow(`--set wants PATH=VALUE`)
    },
  )

  it.each([
    ['measure[9].top=1', 'the list has 3'],
    ['seeds.x=1', 'a list wants an index'],
  ])('%s points nowhere', (text, message) => {
    expect(() => set({ seeds: [1] }, text)).toThrow(message)
  })
})
