import { afterAll, expect, test } from 'vitest'
import { createStream, StoppedError } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import { countingOperator, denseOperator } from '#geometry/operators'
import { measureSchema, type MeasureInput } from '#shared/schemas'
import {
  formatState,
  measureQuantity,
  parseState,
  type MeasureSite,
  type QuantitySpec,
  type StateKeeper,
} from '../../../../src-main/lab/experiments/measures/index.ts'
import { arithmetic, symmetricWithSpectrum } from '../../../support/matrices.ts'

const n = 260
const space = await createNativeSpace(n)
afterAll(() => space.release())
const matrix = symmetricWithSpectrum([...arithmetic(-0.1, 0.001, n - 3), 1, 2, 4], 1)

/** A keeper that writes files as a run does, of whatever size. */
function keeperOf(files: Map<string, Uint8Array>, largestBytes = Infinity): StateKeeper {
  return {
    everyMs: Infinity,
    largestBytes,
    load: () => {
      const bytes = files.get('state')
      return bytes === undefined ? null : parseState(bytes, 'this')
    },
    save: (state) => files.set('state', formatState(state, 'this')),
  }
}

/** Measures; stops after `stopAt` products. */
async function measure(
  input: MeasureInput,
  options: { readonly state?: StateKeeper; readonly stopAt?: number } = {},
) {
  const operator = countingOperator({ ...denseOperator(matrix), space })
  const unused = () => Promise.reject(new Error('is not needed'))
  const controller = new AbortController()
  const vectors: (readonly [string, Float32Array])[] = []
  const site: MeasureSite = {
    facts: {
      index: 0,
      seed: 1,
      step: 0,
      parameterCount: n,
      sampleCount: 1,
      operator: 'hessian',
      size: null,
      tensors: null,
      split: 'training',
    },
    operator,
    layout: null,
    classCount: null,
    streamOf: (name) => createStream(1, name),
    dense: unused,
    withoutGroup: unused,
    gradient: unused,
    state: options.state,
    keepVectors: (named) => {
      for (const [name, data] of named) vectors.push([name, Float32Array.from(data)])
      return Promise.resolve('vectors')
    },
    signal: controller.signal,
    onProgress: (products) => {
      if (products >= (options.stopAt ?? Infinity)) controller.abort()
    },
  }
  // All of the input's kinds but that of several snapshots.
  const spec = measureSchema.parse(input) as QuantitySpec
  const outcome = await measureQuantity(spec, site).then(
    (document) => ({ ...document, cost: { ...document.cost, elapsedMs: 0 } }),
    (error: unknown) => error,
  )
  return { outcome, vectors, products: operator.products }
}

/** Measurements, and the products of a block that is made again at most. */
const cases: readonly [MeasureInput, number][] = [
  [{ kind: 'trace', method: 'hutchinson', probes: 60 }, 0],
  [{ kind: 'trace', method: 'hutch++', probes: 60 }, 16],
  [{ kind: 'trace', method: 'xtrace', probes: 60 }, 16],
  [{ kind: 'trace', method: 'xtrace', probes: 20, precision: 0.02 }, 16],
  [{ kind: 'diagonal', probes: 60 }, 0],
  [{ kind: 'interior', target: 0.05, count: 3 }, 0],
  [{ kind: 'scalar', quantity: 'goldilocks-ratio', probes: 60 }, 16],
  [{ kind: 'scalar', quantity: 'effective-rank', probes: 60 }, 16],
]

test.each(cases)(
  '%o that is interrupted goes on from its file, bit by bit',
  async (input, lost) => {
    const whole = await measure(input)
    expect(whole.outcome).not.toBeInstanceOf(Error)
    const files = new Map<string, Uint8Array>()
    const stopAt = Math.floor(0.6 * whole.products)
    const stopped = await measure(input, { state: keeperOf(files), stopAt })
    expect(stopped.outcome).toBeInstanceOf(StoppedError)
    const rest = await measure(input, { state: keeperOf(files) })
    expect(rest.outcome).toEqual(whole.outcome)
    expect(rest.vectors).toEqual(whole.vectors)
    const again = stopped.products + rest.products - whole.products
    expect(again).toBeGreaterThanOrEqual(0)
    expect(again).toBeLessThanOrEqual(lost)
  },
)

test('a state that is too large is not kept', async () => {
  for (const input of [
    { kind: 'trace', method: 'xtrace', probes: 60 },
    { kind: 'diagonal', probes: 60 },
    { kind: 'interior', count: 3 },
    { kind: 'scalar', quantity: 'effective-rank', probes: 60 },
  ] as const) {
    const files = new Map<string, Uint8Array>()
    const { outcome } = await measure(input, { state: keeperOf(files, 4 * n), stopAt: 40 })
    expect(outcome).toBeInstanceOf(StoppedError)
    expect(files.size).toBe(0)
  }
})
