import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { testCli } from '../support/test-cli.ts'

describe('data', () => {
  it('prints the card, the network and its parameters, and makes no store', async () => {
    const { run, store } = testCli()
    const { code, stdout } = await run('data --set model.hidden=[]')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^kind +digits$/m)
    expect(stdout).toMatch(/^training samples +1,438$/m)
    expect(stdout).toMatch(/^network +mlp 64-10$/m)
    expect(stdout).toMatch(/^parameters +650$/m)
    expect(readdirSync(store)).toEqual([])
  })

  it('--json prints the whole description, for the seed that was asked for', async () => {
    const { run } = testCli()
    const spec = JSON.stringify({ data: { kind: 'gaussian-mixture', samples: 50 }, seeds: [7] })
    const described = JSON.parse((await run('data - --json', spec)).stdout)
    expect(described).toMatchObject({
      seed: 7,
      dataCard: { trainCount: 40, featureShape: [16] },
      modelLabel: 'mlp 16-32-32-4',
      parameterCount: 17 * 32 + 33 * 32 + 33 * 4,
    })
    const other = JSON.parse((await run('data - --json --seed 8', spec)).stdout)
    expect(other.dataCard.featureMean).not.toBe(described.dataCard.featureMean)
  })

  it('what a run would refuse ends it with exit code 2, naming the key', async () => {
    const { run } = testCli()
    const deep = { kind: 'cnn', channels: [4, 4, 4, 4], strides: [1, 1, 1, 1] }
    expect(await run(['data', '--set', `model=${JSON.stringify(deep)}`])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('model.pooling max wants 2×2 positions'),
    })
    expect(await run('data --set data={"kind":"cifar","path":"no"}')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/data\.path: folder or file not found: .*no\n$/),
    })
  })
})
