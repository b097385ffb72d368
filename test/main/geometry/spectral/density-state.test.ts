import { afterAll, describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import { denseOperator, type LinearOperator } from '#geometry/operators'
import { estimateDensity, type Deflation, type DensityState } from '#geometry/spectral'
import { arithmetic, randomRotation, symmetricWithSpectrum } from '../../../support/matrices.ts'
import { diagonalOperator, float32Space } from '../../../support/spectra-operators.ts'

const values = [...arithmetic(-1, 0.1, 24), 5, 9]
const n = values.length
const outliers: Deflation = {
  values: [9],
  vectors: Float64Array.from(randomRotation(n, 1)[n - 1]!),
}
const native = await createNativeSpace(n)
afterAll(() => native.release())

/** As a file would give it back. */
const stored = (state: DensityState): DensityState => ({
  header: JSON.parse(JSON.stringify(state.header)) as unknown,
  rows: state.rows,
  vectors: state.vectors.slice(),
})

describe.each<[string, LinearOperator, Deflation | undefined]>([
  ['float64', denseOperator(symmetricWithSpectrum(values, 1)), undefined],
  ['float64 with an outlier', denseOperator(symmetricWithSpectrum(values, 1)), outliers],
  // Four distinct values: probes close at step 4, before the last step.
  [
    'float32, closing early',
    diagonalOperator(
      values.map((_, i) => i % 4),
      float32Space(n),
    ),
    undefined,
  ],
  ['native float32', diagonalOperator(values, native), undefined],
])('estimateDensity in %s', (_name, operator, deflation) => {
  const options = {
    probes: 3,
    steps: 8,
    stream: createStream(2, 'resume'),
    outliers: deflation,
  }

  test('stopped anywhere and gone on from its state is bit-equal', async () => {
    const whole = await estimateDensity(operator, options)
    for (let stop = 1; stop * 3 < whole.products; stop += 1) {
      const controller = new AbortController()
      const states: DensityState[] = []
      await expect(
        estimateDensity(operator, {
          ...options,
          signal: controller.signal,
          onProgress: (products) => {
            if (products === 3 * stop) controller.abort()
          },
          onState: {
            everyMs: Infinity,
            save: (state) => {
              states.push(stored(state))
              return Promise.resolve()
            },
          },
        }),
      ).rejects.toThrow('stopped')
      expect(states).toHaveLength(1)
      let first = Infinity
      const resumed = await estimateDensity(operator, {
        ...options,
        // Never used again.
        stream: createStream(99, 'other'),
        saved: states[0]!,
        onProgress: (products) => (first = Math.min(first, products)),
      })
      expect(first).toBe(3 * stop + 3)
      expect(resumed).toEqual(whole)
    }
  })

  test('gives its state at every interval, each of them enough', async () => {
    const states: DensityState[] = []
    const whole = await estimateDensity(operator, {
      ...options,
      onState: {
        everyMs: 0,
        save: (state) => {
          states.push(stored(state))
          return Promise.resolve()
        },
      },
    })
    expect(states.length).toBeGreaterThanOrEqual(4)
    for (const saved of [states[1]!, states.at(-1)!]) {
      expect(await estimateDensity(operator, { ...options, saved })).toEqual(whole)
    }
  })
})

describe('a saved state', () => {
  const operator = denseOperator(symmetricWithSpectrum(values, 1))
  const stream = createStream(2, 'resume')
  const stateOf = async (probes: number): Promise<DensityState> => {
    let last: DensityState | undefined
    await estimateDensity(operator, {
      probes,
      steps: 4,
      stream,
      onState: {
        everyMs: 0,
        save: (state) => {
          last ??= stored(state)
          return Promise.resolve()
        },
      },
    })
    return last!
  }

  test('of another estimate, or cut short, is refused', async () => {
    const saved = await stateOf(2)
    for (const other of [{ probes: 3 }, { steps: 5 }, { outliers }]) {
      await expect(
        estimateDensity(operator, { probes: 2, steps: 4, stream, ...other, saved }),
      ).rejects.toThrow('saved must be a state of {"probes":')
    }
    await expect(
      estimateDensity(operator, {
        probes: 2,
        steps: 4,
        stream,
        saved: { ...saved, header: null },
      }),
    ).rejects.toThrow('got one of undefined')
    await expect(
      estimateDensity(operator, {
        probes: 2,
        steps: 4,
        stream,
        saved: { ...saved, vectors: saved.vectors.slice(1) },
      }),
    ).rejects.toThrow('saved.vectors must have shape')
  })
})
