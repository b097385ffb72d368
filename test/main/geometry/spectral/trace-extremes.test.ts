import { afterAll, describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import { denseOperator } from '#geometry/operators'
import { estimateTrace, measureScalar, type TraceMethod } from '#geometry/spectral'
import { symmetricWithSpectrum } from '../../../support/matrices.ts'
import { diagonalOperator } from '../../../support/spectra-operators.ts'

const n = 120
const space = await createNativeSpace(n)
afterAll(() => space.release())
const stream = createStream(1, 'extremes')
const methods: readonly TraceMethod[] = ['hutchinson', 'hutch++', 'xtrace']
const values = Array.from({ length: n }, (_, i) => 1 / (i + 1))
const zero = Array.from({ length: n }, () => 0)

describe.each(methods)('%s', (method) => {
  test.each([1e-30, 1e20, 1e30])('scales with the operator by %d in float32', async (scale) => {
    const run = (factor: number) => {
      const scaled = values.map((value) => factor * value)
      const operator = { ...denseOperator(symmetricWithSpectrum(scaled, 1)), space }
      return estimateTrace(operator, { method, probes: 40, stream })
    }
    const [plain, scaled] = [await run(1), await run(scale)]
    expect(scaled.trace.mean / scale / plain.trace.mean).toBeCloseTo(1, 4)
    expect(scaled.trace.standardError / scale / plain.trace.standardError).toBeCloseTo(1, 2)
    expect(scaled.squareTrace.mean / scale / scale / plain.squareTrace.mean).toBeCloseTo(1, 4)
  })

  test('finds a precision of the zero operator in few products', async () => {
    const { trace, status, products } = await estimateTrace(diagonalOperator(zero, space), {
      method,
      probes: 10,
      precision: 0.02,
      stream,
    })
    expect([trace, status]).toEqual([{ mean: 0, standardError: 0 }, 'converged'])
    expect(products).toBeLessThan(50)
  })
})

test.each(['participation-ratio', 'goldilocks-ratio'] as const)(
  'the %s of the zero operator is not defined, whatever its precision',
  async (quantity) => {
    for (const method of methods) {
      const { estimate, status, products } = await measureScalar(diagonalOperator(zero), {
        quantity,
        method,
        probes: 10,
        precision: 0.02,
        stream,
      })
      expect([estimate, status]).toEqual([null, 'out-of-domain'])
      expect(products).toBeLessThan(50)
    }
  },
)

test.each([1, 2, 3, 5, 8])('XTrace of a whole space of %i dimensions is exact', async (size) => {
  const spectrum = values.slice(0, size)
  const { trace, squareTrace, status } = await estimateTrace(
    denseOperator(symmetricWithSpectrum(spectrum, 2)),
    { method: 'xtrace', probes: 2 * size + 2, precision: 0.001, stream },
  )
  expect(status).toBe('converged')
  expect(trace.standardError).toBe(0)
  expect(trace.mean).toBeCloseTo(
    spectrum.reduce((sum, x) => sum + x, 0),
    12,
  )
  expect(squareTrace.mean).toBeCloseTo(
    spectrum.reduce((sum, x) => sum + x * x, 0),
    12,
  )
})
