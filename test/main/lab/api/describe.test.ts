import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { methods } from '#shared/contract'
import { dispatch } from '#shared/rpc'
import { openTestLab } from '../../hosts/support/test-lab.ts'

const ask = async (spec: unknown, seed?: number) => {
  const lab = openTestLab({ mode: 'look' })
  const answer = await dispatch(lab.handlers, 'experiments.describe', { spec, seed })
  expect(await dispatch(lab.handlers, 'runs.list', {})).toMatchObject({ total: 0 })
  return methods['experiments.describe'].result.parse(answer)
}

describe('experiments.describe', () => {
  it('says what data and network a spec makes, and stores nothing', async () => {
    expect(await ask({})).toMatchObject({
      dataCard: { kind: 'digits', trainCount: 1438, validationCount: 359, outputCount: 10 },
      modelLabel: 'mlp 64-32-32-10',
      parameterCount: 64 * 32 + 32 + 32 * 32 + 32 + 32 * 10 + 10,
    })
  })

  it('draws with the seed it is given, else with the spec’s first', async () => {
    const data = { kind: 'gaussian-mixture', samples: 60 }
    const [first, same, other] = await Promise.all([
      ask({ data, seeds: [3, 4] }),
      ask({ data }, 3),
      ask({ data, seeds: [3, 4] }, 4),
    ])
    expect(same).toEqual(first)
    expect(other.dataCard.featureMean).not.toBe(first.dataCard.featureMean)
  })

  it('refuses what a run would refuse, at its key', async () => {
    await expect(ask({ data: { kind: 'digts' } })).rejects.toMatchObject({
      code: 'invalid-spec',
      message: expect.stringContaining('did you mean digits?'),
    })
    const path = join(import.meta.dirname, 'nowhere')
    await expect(ask({ data: { kind: 'cifar', path } })).rejects.toMatchObject({
      code: 'file-not-found',
      detail: { problems: [{ path: 'data.path' }] },
    })
    const deep = { kind: 'cnn', channels: [4, 4, 4, 4], strides: [1, 1, 1, 1] }
    await expect(ask({ data: { kind: 'digits' }, model: deep })).rejects.toThrow(
      /model\.pooling max wants 2×2 positions/,
    )
  })
})
