import { describe, expect, it } from 'vitest'
import {
  eigenRivals,
  settingsText,
  type EigenRival,
} from '../../../../../src-main/lab/bench/cases/eigen-rivals.ts'
import { enterRivals } from '../../../../../src-main/lab/bench/cases/enter-rivals.ts'

const rival: EigenRival = {
  name: 'rival',
  solver: 'eigenthings',
  candidates: [{ depth: 20 }, { depth: 40 }, { depth: 80 }],
}

/** Whoever goes to `enough` or deeper is right; the depth is what it says it spent. */
const against = (enough: number, failing: readonly number[] = [], stages: string[] = []) => ({
  solve: (_: EigenRival, { depth }: Readonly<Record<string, number | null>>) =>
    Promise.resolve(
      failing.includes(depth!)
        ? { failure: `no depth ${depth!}` }
        : { ms: 1, products: depth!, values: [1], vectors: new Float32Array(1) },
    ),
  judge: ({ products }: { readonly products: number }) =>
    Promise.resolve({ residuals: [0], overlap: 0, misses: [], isRight: products >= enough }),
  onProgress: (text: string) => {
    stages.push(text)
  },
})

describe('enterRivals', () => {
  it('takes the cheapest settings that are right', async () => {
    const stages: string[] = []
    const { entrants, skipped } = await enterRivals([rival], against(40, [], stages))
    expect(entrants.map(({ settings }) => settings)).toEqual(['depth 40'])
    expect(await entrants[0]!.run()).toMatchObject({ products: 40 })
    expect(skipped).toEqual([])
    // A run of minutes that breaks off has told what it found.
    expect(stages).toEqual([
      'trial of rival, depth 20',
      'rival: not right, 0.0 s, 20 products, 0 missed, residual 0.0e+0',
      'trial of rival, depth 40',
      'rival: right, 0.0 s, 40 products, 0 missed, residual 0.0e+0',
    ])
  })

  it('enters one that is never right with its last answer', async () => {
    const { entrants } = await enterRivals([rival], against(1_000, [80]))
    expect(entrants).toMatchObject([{ settings: 'depth 40', verdict: { isRight: false } }])
  })

  it('skips by name one that gives no answer, with the reason', async () => {
    const { entrants, skipped } = await enterRivals([rival], against(0, [20, 40, 80]))
    expect(entrants).toEqual([])
    expect(skipped).toEqual([{ name: 'rival', reason: 'no depth 80' }])
  })
})

describe('eigenRivals', () => {
  it('first allows ARPACK what the residual asked for is to the least value', () => {
    const [arpack] = eigenRivals([8, 4, 2], 1e-3)
    expect(arpack!.candidates.map(settingsText)).toEqual([
      'ncv default, tol 0.004',
      'ncv default, tol 0.001',
    ])
  })
})
