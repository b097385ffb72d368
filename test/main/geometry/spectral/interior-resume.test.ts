import { afterAll, expect, test } from 'vitest'
import { createStream } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import type { LinearOperator } from '#geometry/operators'
import {
  interiorEigenpairs,
  interiorVectors,
  type InteriorOptions,
  type SolverState,
} from '#geometry/spectral'
import { collectStates, interrupt } from '../../../support/interruptions.ts'
import { arithmetic } from '../../../support/matrices.ts'
import { diagonalOperator, float32Space } from '../../../support/spectra-operators.ts'

const gapped = [...arithmetic(-3, 0.01, 150), ...arithmetic(1, 0.01, 150), -0.5, 0.1, 0.3]
const dense = arithmetic(-1, 0.005, 401).map((x) => x + 0.0011)
/** Half of it a null space: the first degree passes too much, and the search changes it. */
const singular = [
  ...arithmetic(-1, 0.01, 150),
  ...arithmetic(0.02, 0.01, 150),
  ...Array<number>(60).fill(0),
]
const native = await createNativeSpace(gapped.length)
afterAll(() => native.release())

const options: InteriorOptions = {
  count: 3,
  tolerance: 1e-6,
  maxProducts: 20_000,
  stream: createStream(1, 'interior'),
}

/** Numbers of products at which the whole search told of its progress, from its first pass on. */
async function progressOf(operator: LinearOperator, search: InteriorOptions): Promise<number[]> {
  const seen: number[] = []
  await interiorEigenpairs(operator, { ...search, onProgress: (products) => seen.push(products) })
  // An interval takes 24 products, and the density at most 50 steps more, in blocks of 4.
  return seen.filter((products) => products > 24 + 50 * 4)
}

const cases: readonly [string, LinearOperator, Partial<InteriorOptions>][] = [
  ['few eigenvalues in a gap', diagonalOperator(gapped), {}],
  ['with a small basis', diagonalOperator(gapped), { maxBasis: 24, tolerance: 1e-10 }],
  ['a dense spectrum', diagonalOperator(dense), { tolerance: 1e-4 }],
  ['a null space', diagonalOperator(singular), { tolerance: 1e-4 }],
  ['a budget that ends first', diagonalOperator(dense), { maxProducts: 900, tolerance: 1e-4 }],
  ['float32', diagonalOperator(gapped, float32Space(gapped.length)), { tolerance: 1e-5 }],
  ['native float32', diagonalOperator(gapped, native), { tolerance: 1e-5 }],
]

test.each(cases)(
  '%s: a search that was stopped goes on to the same bits, wherever it was',
  async (_name, operator, others) => {
    const search = { ...options, ...others }
    const whole = await interiorEigenpairs(operator, search)
    const seen = await progressOf(operator, search)
    // The last is told by the last look, after which nothing is stopped.
    const last = seen.length - 2
    const stride = Math.max(1, Math.floor(last / 6))
    const looks = seen.flatMap((products, i) =>
      i > 0 && products - seen[i - 1]! > operator.preferredRows ? [i - 1, i] : [],
    )
    const stops = [...seen.keys()].filter(
      (i) => i <= last && (i % stride === 0 || looks.slice(0, 8).includes(i)),
    )
    expect(stops.length).toBeGreaterThanOrEqual(4)
    for (const i of stops) {
      const saved = await interrupt(
        (hooks) => interiorEigenpairs(operator, { ...search, ...hooks }),
        seen[i]!,
      )
      let first = Infinity
      const resumed = await interiorEigenpairs(operator, {
        ...search,
        saved,
        onProgress: (products) => (first = Math.min(first, products)),
      })
      expect(resumed).toEqual(whole)
      expect(first).toBe(seen[i + 1])
    }
  },
)

test('states come after every step, change nothing, and are as large as foretold', async () => {
  const operator = diagonalOperator(gapped)
  const whole = await interiorEigenpairs(operator, options)
  const states = await collectStates((hooks) =>
    interiorEigenpairs(operator, { ...options, ...hooks }).then((result) => {
      expect(result).toEqual(whole)
    }),
  )
  const { state } = interiorVectors({ size: gapped.length, count: 3, rows: 4 })
  const most = states.reduce((largest, { rows }) => Math.max(largest, rows), 0)
  expect(most).toBeLessThanOrEqual(state)
  expect(states.length).toBeGreaterThan(20)
})

test('a search may be interrupted again and again', async () => {
  const operator = diagonalOperator(gapped)
  const whole = await interiorEigenpairs(operator, options)
  const seen = await progressOf(operator, options)
  let saved: SolverState | undefined
  for (let i = 3; i < seen.length - 2; i += 17) {
    saved = await interrupt(
      (hooks) => interiorEigenpairs(operator, { ...options, saved, ...hooks }),
      seen[i]!,
    )
  }
  expect(await interiorEigenpairs(operator, { ...options, saved })).toEqual(whole)
})

test('goes on where products come in other blocks, to the same eigenvalues', async () => {
  const operator = diagonalOperator(gapped)
  const whole = await interiorEigenpairs(operator, options)
  const [at] = await progressOf(operator, options)
  const saved = await interrupt(
    (hooks) => interiorEigenpairs(operator, { ...options, ...hooks }),
    at! + 40,
  )
  const resumed = await interiorEigenpairs({ ...operator, preferredRows: 3 }, { ...options, saved })
  expect(resumed.status).toBe('converged')
  resumed.pairs.forEach(({ value }, i) => expect(value).toBeCloseTo(whole.pairs[i]!.value, 9))
})

test('a state of another search is refused by the name of what differs', async () => {
  const operator = diagonalOperator(gapped)
  const [at] = await progressOf(operator, options)
  const saved = await interrupt(
    (hooks) => interiorEigenpairs(operator, { ...options, ...hooks }),
    at!,
  )
  for (const [other, name] of [
    [{ target: 1 }, "target is 0, this one's 1"],
    [{ count: 4 }, "count is 3, this one's 4"],
    [{ tolerance: 1e-5 }, "tolerance is 0.000001, this one's 0.00001"],
    [{ maxBasis: 60 }, "maxBasis is default, this one's 60"],
  ] as const) {
    await expect(interiorEigenpairs(operator, { ...options, ...other, saved })).rejects.toThrow(
      `saved is of another measurement: its ${name}`,
    )
  }
})
