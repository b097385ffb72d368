import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadArrays } from '#learn/datasets'
import { createServices } from '../../../../src-main/entries/services.ts'
import { countingSpec } from '../support/test-lab.ts'
import { testCli } from '../support/test-cli.ts'

/** Runs train in earnest. */
const services = createServices({})

describe('weights', () => {
  it('writes what a run kept in either format, the last or those of a step', async () => {
    const { run, store } = testCli({
      services: { openLab: (...args) => services.openLab(...args) },
    })
    const spec = {
      data: { kind: 'gaussian-mixture', samples: 20, dimension: 3 },
      model: { hidden: [5] },
      train: { epochs: 4, batchSize: 16, snapshots: { kind: 'linear', everySteps: 2 } },
      measure: [],
    }
    expect(await run('run - --device cpu', JSON.stringify(spec))).toMatchObject({ code: 0 })

    const last = await run('weights last --out last.npz --json')
    expect(JSON.parse(last.stdout)).toMatchObject({ step: 4, file: join(store, 'last.npz') })
    await run('weights last --out same.safetensors')
    expect((await run('weights last --out early.safetensors --step 2')).code).toBe(0)

    const arrays = await loadArrays(join(store, 'last.npz'))
    expect([...arrays].map(([name, { shape }]) => [name, [...shape]])).toEqual([
      ['layers.0.weight', [5, 3]],
      ['layers.0.bias', [5]],
      ['layers.1.weight', [4, 5]],
      ['layers.1.bias', [4]],
    ])
    expect(await loadArrays(join(store, 'same.safetensors'))).toEqual(arrays)
    expect(await loadArrays(join(store, 'early.safetensors'))).not.toEqual(arrays)

    const { code, stderr } = await run('weights last --out no.npz --step 3')
    expect(code).toBe(2)
    expect(stderr).toMatch(/has kept no weights of step 3; it has those of step .*2, 4\n$/)
    expect(existsSync(join(store, 'no.npz'))).toBe(false)
  })

  it('a run that keeps none yet is told so', async () => {
    const { run } = testCli()
    await run('run -', JSON.stringify(countingSpec(10)))
    expect(await run('weights last --out w.npz')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has kept no weights yet'),
    })
  })
})
