import { afterAll, describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import { denseOperator, type LinearOperator } from '#geometry/operators'
import {
  estimateDiagonal,
  estimateSquareTrace,
  estimateTrace,
  type DiagonalOptions,
  type SolverState,
  type TraceMethod,
  type TraceOptions,
} from '#geometry/spectral'
import { collectStates, interrupt } from '../../../support/interruptions.ts'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'
import { float32Space } from '../../../support/spectra-operators.ts'

const values = [...arithmetic(0.001, 0.002, 120), 5, 9, 20]
const n = values.length
const native = await createNativeSpace(n)
afterAll(() => native.release())
const stream = createStream(4, 'resume')
const dense = denseOperator(symmetricWithSpectrum(values, 1))
/** Off its diagonal as well, and in blocks of one row. */
const single: LinearOperator = { ...dense, preferredRows: 1 }

const operators: readonly [string, LinearOperator][] = [
  ['float64', dense],
  ['float64, in single products', single],
  ['float32', { ...dense, space: float32Space(n) }],
  ['native float32', { ...dense, space: native }],
]
const methods: readonly TraceMethod[] = ['hutchinson', 'hutch++', 'xtrace']

describe.each(operators)('in %s', (_name, operator) => {
  describe.each(methods)('%s', (method) => {
    test.each<[string, Partial<TraceOptions>]>([
      ['a number of products', { probes: 60 }],
      ['a precision', { probes: 10, precision: method === 'hutchinson' ? 0.3 : 0.006 }],
    ])('that was stopped within %s goes on to the same bits', async (_what, spending) => {
      const options: TraceOptions = { probes: 0, method, stream, ...spending }
      const whole = await estimateTrace(operator, options)
      // More than one block, and with a precision more than one look.
      expect(whole.products).toBeGreaterThan(16)
      for (let stop = 1; stop < whole.products - 8; stop += 7) {
        const saved = await interrupt(
          (hooks) => estimateTrace(operator, { ...options, ...hooks }),
          stop,
        )
        let first = Infinity
        const resumed = await estimateTrace(operator, {
          ...options,
          saved,
          onProgress: (products) => (first = Math.min(first, products)),
        })
        expect(resumed).toEqual(whole)
        // Nothing is made again but the block it was stopped in, of 16 products with its images at most.
        expect(first).toBeGreaterThan(stop - 16)
      }
    })
  })

  test('a diagonal that was stopped goes on to the same bits', async () => {
    for (const spending of [{ probes: 30 }, { probes: 4, precision: 0.35 }]) {
      const options: DiagonalOptions = {
        stream,
        ranges: [
          [0, 10],
          [3, n],
        ],
        ...spending,
      }
      const whole = await estimateDiagonal(operator, options)
      for (let stop = 1; stop < whole.products - operator.preferredRows; stop += 5) {
        const saved = await interrupt(
          (hooks) => estimateDiagonal(operator, { ...options, ...hooks }),
          stop,
        )
        let first = Infinity
        const resumed = await estimateDiagonal(operator, {
          ...options,
          saved,
          onProgress: (products) => (first = Math.min(first, products)),
        })
        expect(resumed).toEqual(whole)
        expect(first).toBeGreaterThan(stop)
      }
    }
  })
})

describe('states', () => {
  test.each(methods)('of %s come after each block, each of them enough', async (method) => {
    const options: TraceOptions = { probes: 40, method, stream }
    const whole = await estimateSquareTrace(dense, options)
    const states = await collectStates((hooks) =>
      estimateSquareTrace(dense, { ...options, ...hooks }),
    )
    expect(states.length).toBeGreaterThanOrEqual(3)
    for (const saved of states) {
      expect(await estimateSquareTrace(dense, { ...options, saved })).toEqual(whole)
    }
  })

  test('may be saved again and again on the way', async () => {
    const options: TraceOptions = { probes: 10, precision: 0.004, method: 'hutch++', stream }
    const whole = await estimateTrace(single, options)
    let saved: SolverState | undefined
    for (let stop = 5; stop < whole.products - 8; stop += 11) {
      saved = await interrupt(
        (hooks) => estimateTrace(single, { ...options, saved, ...hooks }),
        stop,
      )
    }
    expect(await estimateTrace(single, { ...options, saved })).toEqual(whole)
  })

  test('hold no more vectors than products', async () => {
    for (const [method, most] of [
      ['hutchinson', 0],
      ['hutch++', 60],
      ['xtrace', 60],
    ] as const) {
      const states = await collectStates((hooks) =>
        estimateTrace(dense, { probes: 60, method, stream, ...hooks }),
      )
      for (const { rows } of states) expect(rows).toBeLessThanOrEqual(most)
    }
  })

  test('of another estimate are refused by the name of what differs', async () => {
    const options: TraceOptions = { probes: 20, method: 'xtrace', stream }
    const saved = await interrupt((hooks) => estimateTrace(dense, { ...options, ...hooks }), 17)
    for (const [other, name] of [
      [{ probes: 21 }, "probes is 20, this one's 21"],
      [{ method: 'hutch++' }, "method is xtrace, this one's hutch++"],
      [{ precision: 0.1 }, "precision is none, this one's 0.1"],
      [{ stream: createStream(5, 'resume') }, 'stream is'],
    ] as const) {
      await expect(estimateTrace(dense, { ...options, ...other, saved })).rejects.toThrow(
        `saved is of another measurement: its ${name}`,
      )
    }
    await expect(estimateSquareTrace(dense, { ...options, saved })).rejects.toThrow(
      "its statistic is tr A, this one's tr A²",
    )
    await expect(
      estimateTrace(dense, { ...options, saved: { ...saved, header: null } }),
    ).rejects.toThrow(`its size is undefined, this one's ${n}`)
    await expect(
      estimateTrace(dense, { ...options, saved: { ...saved, vectors: saved.vectors.slice(1) } }),
    ).rejects.toThrow(`saved must hold ${saved.rows} vectors of ${n} numbers`)
    await expect(estimateDiagonal(dense, { probes: 20, stream, saved })).rejects.toThrow(
      'saved is of another measurement',
    )
  })
})
