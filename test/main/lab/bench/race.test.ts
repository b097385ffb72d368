import { describe, expect, it } from 'vitest'
import { monotonicMs, StoppedError } from '#base'
import { localContestant, race } from '../../../../src-main/lab/bench/race.ts'

/** Keeps the processor busy. */
async function spin(ms: number): Promise<void> {
  const until = monotonicMs() + ms
  while (monotonicMs() < until);
  await Promise.resolve()
}

describe('race', () => {
  it('gives milliseconds a unit, one list of equal length a contestant', async () => {
    const times = await race(
      [localContestant(1, () => spin(4)), localContestant(8, () => spin(8))],
      { samples: 4, budgetMs: 10_000 },
    )
    expect(times.map((list) => list.length)).toEqual([4, 4])
    // Another process may slow a sample, nothing can hasten it.
    expect(Math.min(...times[0]!)).toBeGreaterThanOrEqual(4)
    expect(Math.min(...times[1]!)).toBeGreaterThanOrEqual(1)
    expect(Math.min(...times[1]!)).toBeLessThan(Math.min(...times[0]!))
  })

  it('lets contestants take turns', async () => {
    const order: string[] = []
    const runner = (name: string) =>
      localContestant(1, async () => {
        if (order.at(-1) !== name) order.push(name)
        await spin(60)
      })
    await race([runner('a'), runner('b')], { samples: 3, budgetMs: 10_000 })
    // First the trial of each, then three rounds.
    expect(order.join('')).toBe('abababab')
  })

  it('begins no round after its time, but three in any case', async () => {
    const [times] = await race([localContestant(1, () => spin(60))], { samples: 50, budgetMs: 1 })
    expect(times).toHaveLength(3)
  })

  it('stops when told to', async () => {
    const stop = new AbortController()
    const contestant = localContestant(1, async () => {
      await spin(60)
      stop.abort()
    })
    const racing = race([contestant], { samples: 50, budgetMs: 1e6, signal: stop.signal })
    await expect(racing).rejects.toThrow(StoppedError)
  })
})
