import { describe, expect, test } from 'vitest'
import { expandSweep, experimentSchema, type ExperimentInput } from '#shared/schemas'

const expand = (input: ExperimentInput) =>
  expandSweep(input, experimentSchema.parse(input)).map((each) => experimentSchema.parse(each))

describe('expandSweep', () => {
  test('a spec without axes stays as it is', () => {
    const input = { name: 'one' }
    expect(expandSweep(input, experimentSchema.parse(input))).toEqual([input])
  })

  test('gives each combination, the last axis changing fastest, and names it', () => {
    const specs = expand({
      name: 'Sizes',
      sweep: { 'model.hidden': [[8], [8, 8]], 'model.parameters': [1000, 10_000] },
    })
    expect(specs.map(({ name }) => name)).toEqual([
      'Sizes: hidden [8], parameters 1000',
      'Sizes: hidden [8], parameters 10000',
      'Sizes: hidden [8,8], parameters 1000',
      'Sizes: hidden [8,8], parameters 10000',
    ])
    expect(specs[2]!.model).toMatchObject({ hidden: [8, 8], parameters: 1000 })
    expect(specs.every(({ sweep }) => Object.keys(sweep).length === 0)).toBe(true)
  })

  test('a kind that is swept takes its own defaults', () => {
    const specs = expand({
      train: { optimizer: { kind: 'adam', beta1: 0.8 } },
      sweep: { 'train.optimizer.kind': ['sgd', 'kfac'] },
    })
    expect(specs.map(({ train }) => train.optimizer.kind)).toEqual(['sgd', 'kfac'])
    expect(specs[0]!.train.optimizer).not.toHaveProperty('beta1')
  })

  test.each([
    [{ 'model..hidden': [1] }, 'path of a key'],
    [{ name: ['a'] }, 'path of a key'],
    [{ 'model.hidden': [] }, 'sweep'],
    [{ a: new Array(40).fill(1), b: new Array(40).fill(1) }, '1000 combinations or fewer'],
  ])('%j is refused', (sweep, problem) => {
    const { error } = experimentSchema.safeParse({ sweep })
    expect(JSON.stringify(error!.issues)).toContain(problem)
  })
})
