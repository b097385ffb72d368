import { describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { measureScalar, type ScalarOptions, type ScalarQuantity } from '#geometry/spectral'
import { collectStates, interrupt } from '../../../support/interruptions.ts'
import { rotatedOperator, studySpectra } from '../../../support/rotated-operator.ts'

const operator = rotatedOperator(studySpectra.network(256), 1)
const base = { scale: 0.05, steps: 12, stream: createStream(1, 'scalars') }

const cases: readonly [ScalarQuantity, Pick<ScalarOptions, 'probes' | 'precision'>][] = [
  ['square-trace', { probes: 40 }],
  ['participation-ratio', { probes: 20, precision: 0.05 }],
  ['goldilocks-ratio', { probes: 20, precision: 0.05 }],
  ['effective-rank', { probes: 40 }],
  ['effective-rank', { probes: 20, precision: 0.03 }],
  ['bulk-ratio', { probes: 20, precision: 0.05 }],
  ['effective-dimension', { probes: 60 }],
  ['effective-dimension', { probes: 20, precision: 0.04 }],
]

describe.each(cases)('measureScalar: %s with %o', (quantity, spending) => {
  const options: ScalarOptions = { ...base, quantity, ...spending }
  const solve = (others: Partial<ScalarOptions>) =>
    measureScalar(operator, { ...options, ...others })

  test('goes on to the same bits from every state it gives', async () => {
    const seen: number[] = []
    const whole = await solve({ onProgress: (products) => seen.push(products) })
    const states = await collectStates(solve)
    expect(states.length).toBeGreaterThanOrEqual(3)
    for (const saved of states.filter((_, i) => i % Math.ceil(states.length / 8) === 0)) {
      expect(await solve({ saved })).toEqual(whole)
    }
    // The last one leaves next to nothing to be done but the search for outliers.
    const again: number[] = []
    const saved = states.at(-1)
    expect(await solve({ saved, onProgress: (products) => again.push(products) })).toEqual(whole)
    expect(again.length).toBeLessThan(seen.length)
  })

  test('goes on to the same bits from where it was stopped', async () => {
    const seen: number[] = []
    const whole = await solve({ onProgress: (products) => seen.push(products) })
    // Late in long ones, so that the search for outliers is over; not in the last block of short ones.
    const stop = seen[Math.floor((seen.length > 20 ? 0.8 : 0.5) * seen.length)]!
    const saved = await interrupt(solve, stop)
    expect(await solve({ saved })).toEqual(whole)
    // And if it is stopped again.
    const later = await interrupt((hooks) => solve({ saved, ...hooks }), stop + 1)
    expect(await solve({ saved: later })).toEqual(whole)
  })
})

test('a state of another measurement is refused by the name of what differs', async () => {
  const options: ScalarOptions = { ...base, quantity: 'effective-rank', probes: 20 }
  const saved = await interrupt((hooks) => measureScalar(operator, { ...options, ...hooks }), 5)
  for (const [other, name] of [
    [{ quantity: 'square-trace' }, "quantity is effective-rank, this one's square-trace"],
    [{ probes: 30 }, "probes is 20, this one's 30"],
    [{ precision: 0.1 }, "precision is none, this one's 0.1"],
    [{ stream: createStream(2, 'scalars') }, 'stream is'],
  ] as const) {
    await expect(measureScalar(operator, { ...options, ...other, saved })).rejects.toThrow(
      `saved is of another measurement: its ${name}`,
    )
  }
})
