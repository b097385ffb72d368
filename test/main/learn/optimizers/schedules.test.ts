import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scheduledRate, type Schedule } from '#learn/optimizers'
import { fixturePath } from '../../../support/fixtures.ts'

const golden = JSON.parse(
  readFileSync(fixturePath('optimizers', 'schedules.json'), 'utf8'),
) as Record<Schedule['kind'], Record<'0' | '6', number[]>>

const schedules: readonly Schedule[] = [
  { kind: 'constant' },
  { kind: 'step', everySteps: 7, factor: 0.3 },
  { kind: 'cosine', finalShare: 0.1 },
  { kind: 'inverse-sqrt' },
]

describe.each(schedules)('the schedule $kind', (schedule) => {
  test.each(['0', '6'] as const)('is that of PyTorch after %s steps of warm-up', (warmup) => {
    const { [schedule.kind]: rates } = golden
    rates[warmup].forEach((expected, step) => {
      const rate = scheduledRate({ ...schedule, warmupSteps: Number(warmup) }, 0.3, step, 30)
      expect(Math.abs(rate / expected - 1)).toBeLessThan(1e-12)
    })
  })

  test('is proportional to the base rate and never above it', () => {
    const steps = fc.nat(200)
    fc.assert(
      fc.property(steps, steps, fc.integer({ min: 1, max: 250 }), (step, warmupSteps, total) => {
        const rate = scheduledRate({ ...schedule, warmupSteps }, 1, step, total)
        expect(rate).toBeGreaterThan(0)
        expect(rate).toBeLessThanOrEqual(1)
        const tenth = scheduledRate({ ...schedule, warmupSteps }, 0.1, step, total)
        expect(Math.abs(tenth / rate - 0.1)).toBeLessThan(1e-12)
      }),
    )
  })
})

describe('closed forms', () => {
  test('warm-up rises in equal parts to the full rate', () => {
    const rates = [0, 1, 2, 3].map((step) =>
      scheduledRate({ kind: 'constant', warmupSteps: 3 }, 8, step, 10),
    )
    expect(rates).toEqual([2, 4, 6, 8])
  })

  test('half a cosine is at its middle after half of the steps', () => {
    expect(scheduledRate({ kind: 'cosine', finalShare: 0 }, 1, 50, 100)).toBeCloseTo(0.5, 12)
    expect(scheduledRate({ kind: 'cosine', finalShare: 0.2 }, 1, 50, 100)).toBeCloseTo(0.6, 12)
  })

  test('an inverse square root halves the rate at four times its timescale', () => {
    expect(scheduledRate({ kind: 'inverse-sqrt', warmupSteps: 10 }, 1, 40, 100)).toBe(0.5)
  })
})
