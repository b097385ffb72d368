import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createStream, fillNormal, InputError } from '#base'
import { createBatchCursor } from '#learn/datasets'
import { LbfgsStepper, type LbfgsSettings } from '#learn/training'
import { overlapOf } from '../../../../src-main/learn/training/lbfgs-overlap.ts'
import { rowQuadratics } from './problems.ts'
import { Regression } from './regression.ts'

const plain = { learningRate: 0.1, isObserved: false }
const weightsOf = (size: number, rows: number): Float32Array =>
  new Float32Array(size).fill(1 / rows, 0, rows)

/** H·v in float64. */
const product = (hessian: ArrayLike<number>, v: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: v.length }, (_, i) =>
    Array.from(v).reduce((sum, x, j) => sum + hessian[i * v.length + j]! * x, 0),
  )
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0)
const norm = (v: ArrayLike<number>): number => Math.sqrt(dot(v, v))

/** The mean of the Hessians of some rows. */
const meanOf = (hessians: Float32Array, n: number, from: number, to: number): Float64Array =>
  Float64Array.from(
    { length: n * n },
    (_, i) =>
      Array.from({ length: to - from }, (_, row) => hessians[(from + row) * n * n + i]!).reduce(
        (a, b) => a + b,
      ) /
      (to - from),
  )

/** The pair of one step on rows ½·⟨x, Hᵢ·x⟩ with a memory of one. */
async function stepOnRows(
  hessians: Float32Array,
  start: Float32Array,
  weights: Float32Array,
  settings: LbfgsSettings,
) {
  const n = start.length
  const stepper = await LbfgsStepper.create({
    loss: rowQuadratics(weights.length, n),
    initialParameters: start,
    settings: { historySize: 1, ...settings },
  })
  const result = await stepper.step([hessians, weights], plain)
  const { state } = await stepper.read()
  await stepper.release()
  const count = state[3 * n]!
  return { ...result, s: state.slice(0, n), y: state.slice(n, 2 * n), count }
}

/** Hessians of rows: a multiple of 1, and a symmetric part of their own. */
function drawHessians(rows: number, n: number, curvature: number, seed: number): Float32Array {
  const hessians = new Float32Array(rows * n * n)
  fillNormal(hessians, createStream(seed, 'hessians'))
  for (let row = 0; row < rows; row += 1) {
    const one = hessians.subarray(row * n * n, (row + 1) * n * n)
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < i; j += 1) one[i * n + j] = one[j * n + i]!
      one[i * n + i]! += curvature
    }
  }
  return hessians
}

function drawStart(n: number, seed: number): Float32Array {
  const start = new Float32Array(n)
  fillNormal(start, createStream(seed, 'start'))
  return start
}

describe('overlapOf', () => {
  it('leaves weights on the rows alone that the cursor gives to the next batch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (batchSize, more, overlap) => {
          const cursor = createBatchCursor({
            count: batchSize + more,
            batchSize,
            overlap,
            stream: createStream(1, 'batches'),
          })
          const [rows, next] = [0, 1].map((step) => [...cursor.indicesAt(step)])
          const [features, weights] = overlapOf(
            [Int32Array.from(rows!), weightsOf(batchSize, batchSize)],
            overlap,
          ) as [Int32Array, Float32Array]
          const shared = rows!.filter((row) => next!.includes(row))
          expect([...features].filter((_, i) => weights[i] !== 0)).toEqual(shared)
          for (const weight of weights)
            expect([0, Math.fround(1 / shared.length)]).toContain(weight)
        },
      ),
    )
  })

  it('counts the rows that have a weight', () => {
    const ones = (size: number, rows: number, share: number): number[] => {
      const weights = overlapOf([weightsOf(size, rows)], share)[0] as Float32Array
      return [...weights].flatMap((weight, i) => (weight > 0 ? [i] : []))
    }
    expect(ones(8, 4, 0.5)).toEqual([2, 3])
    expect(ones(8, 4, 0.01)).toEqual([3])
    expect(ones(8, 4, 0.99)).toEqual([1, 2, 3])
    expect(ones(8, 1, 0.5)).toEqual([0])
  })

  it('refuses a batch without weights', () => {
    expect(() => overlapOf([], 0.5)).toThrow(InputError)
    expect(() => overlapOf([Int32Array.of(1)], 0.5)).toThrow(
      'batch must end in its float32 weights',
    )
  })
})

describe('LbfgsStepper on overlapping batches', () => {
  it('takes pairs with the Hessian of the shared rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 2, max: 6 }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        fc.constantFrom('none' as const, 'strong-wolfe' as const),
        fc.nat(1000),
        async (rows, spare, n, overlap, lineSearch, seed) => {
          const hessians = drawHessians(rows + spare, n, 8, seed)
          const start = drawStart(n, seed)
          const weights = weightsOf(rows + spare, rows)
          const { s, y, count } = await stepOnRows(hessians, start, weights, {
            overlap,
            lineSearch,
          })
          const shared = Math.max(1, Math.min(Math.round(overlap * rows), rows - 1))
          const onShared = meanOf(hessians, n, rows - shared, rows)
          const expected = product(onShared, s)
          // Rounding of the two gradients, of whose entries y is the difference.
          const rounding = 2e-6 * norm(product(onShared, start))
          expect(count).toBe(1)
          expect(norm(expected.map((x, i) => x - y[i]!))).toBeLessThan(rounding)
          const onWhole = product(meanOf(hessians, n, 0, rows), s)
          expect(norm(onWhole.map((x, i) => x - y[i]!))).toBeGreaterThan(5 * rounding)
        },
      ),
      { numRuns: 25, seed: 5 },
    )
  })

  it('goes along the gradient of the whole batch first', async () => {
    const [rows, n] = [6, 4]
    const hessians = drawHessians(rows, n, 8, 1)
    const start = drawStart(n, 1)
    const { s, gradientNorm } = await stepOnRows(hessians, start, weightsOf(rows, rows), {
      overlap: 0.3,
      lineSearch: 'none',
    })
    const gradient = product(meanOf(hessians, n, 0, rows), start)
    const cosine = dot(s, gradient) / (norm(s) * norm(gradient))
    expect(cosine).toBeCloseTo(-1, 5)
    expect(gradientNorm).toBeCloseTo(norm(gradient), 4)
  })

  it.each(['skip', 'damp'] as const)(
    'where the shared rows curve down, pairs are treated by the policy %s',
    async (pairs) => {
      const [rows, n] = [6, 4]
      const hessians = drawHessians(rows, n, 20, 2)
      const last = hessians.subarray((rows - 1) * n * n)
      last.set(last.map((x) => -x))
      const start = drawStart(n, 2)
      const { s, y, count } = await stepOnRows(hessians, start, weightsOf(rows, rows), {
        overlap: 0.1,
        pairs,
      })
      if (pairs === 'skip') {
        expect(count).toBe(0)
        return
      }
      expect(count).toBe(1)
      // Without a history B = 1, up to the length that the direction is multiplied by: B·s = −t·∇L of the whole batch.
      const gradient = product(meanOf(hessians, n, 0, rows), start)
      const t = norm(s) / norm(gradient)
      expect(dot(s, y) / (-0.2 * t * dot(s, gradient))).toBeCloseTo(1, 3)
    },
  )

  it.each([
    ['none', 0, 2],
    ['none', 0.5, 3],
    ['strong-wolfe', 0, 2],
    ['strong-wolfe', 0.5, 4],
  ] as const)(
    'evaluates the gradient with line search %s and overlap %d %d times',
    async (lineSearch, overlap, evaluations) => {
      const hessians = drawHessians(4, 3, 12, 1)
      const start = drawStart(3, 1)
      const result = await stepOnRows(hessians, start, weightsOf(4, 4), {
        overlap,
        lineSearch,
        curvature: 0.999,
      })
      expect(result.evaluations).toBe(evaluations)
    },
  )

  it('takes the steps of the full batch whatever the overlap', async () => {
    const hessians = drawHessians(5, 3, 8, 4)
    const run = (overlap: number) =>
      stepOnRows(hessians, drawStart(3, 4), weightsOf(5, 5), { isFullBatch: true, overlap })
    expect(await run(0.5)).toEqual(await run(0))
  })

  it.each([-0.1, 1, Number.NaN])('refuses an overlap of %d', async (overlap) => {
    const refused = stepOnRows(new Float32Array(9), new Float32Array(3), weightsOf(1, 1), {
      overlap,
    })
    await expect(refused).rejects.toThrow(`overlap must be in 0…1, 1 excluded, got ${overlap}`)
  })
})

describe('regression of digits in batches', () => {
  const seeds = [1, 2, 3]
  const evaluations = 240
  let regression: Regression
  const mean = async (run: (seed: number) => Promise<number>): Promise<number> => {
    let sum = 0
    for (const seed of seeds) sum += await run(seed)
    return sum / seeds.length
  }

  beforeAll(async () => {
    regression = await Regression.create()
  })

  // Measured: 0.632 where the minimum is 0.621; 1.04, 0.71 and 0.69 by SGD, whose best rate is near 0.2 (0.67).
  it('overlaps lead nearer to the minimum than SGD of as many gradients at three rates', async () => {
    const minimum = await regression.minimum()
    const reached = await mean((seed) =>
      regression.lbfgs({ overlap: 0.25, lineSearch: 'none' }, { rate: 0.1, evaluations, seed }),
    )
    expect(reached).toBeLessThan(1.03 * minimum)
    for (const rate of [0.03, 0.1, 0.3]) {
      const bySgd = await mean((seed) => regression.sgd({ rate, evaluations, seed }))
      expect(reached).toBeLessThan(bySgd)
    }
  })
})
