import { afterEach, describe, expect, test } from 'vitest'
import { createStream } from '#base'
import { createNativeSpace, type NativeSpace } from '#geometry/curvature'
import type { RowStore, VectorSpace } from '#geometry/operators'
import { extremeEigenpairs, type EigenpairsOptions } from '#geometry/spectral'
import { OrthogonalityEstimate } from '../../../../src-main/geometry/spectral/krylov/orthogonality-estimate.ts'
import { arithmetic } from '../../../support/matrices.ts'
import { diagonalOperator } from '../../../support/spectra-operators.ts'

let native: NativeSpace | null = null
afterEach(async () => {
  await native?.release()
  native = null
})

const size = 2000
/** A bulk without gaps, which makes a search long, and a few values off it, which make it lose orthogonality soon. */
const values = [...arithmetic(-1, 2 / size, size - 4), 1.3, 1.5, 1.7, 2]
const options: EigenpairsOptions = {
  top: 6,
  bottom: 0,
  tolerance: 2e-3,
  maxProducts: 2000,
  blockSize: 1,
  stream: createStream(1, 'orthogonality'),
}

/** The space with a count of the rows that passes over bases read. */
function counted(space: VectorSpace) {
  let rows = 0
  const createRows = async (capacity: number): Promise<RowStore> => {
    const store = await space.createRows(capacity)
    return {
      ...store,
      innerProducts: (block, blockRows, count) => {
        rows += count
        return store.innerProducts(block, blockRows, count)
      },
      addTo: (block, blockRows, coefficients, count) => {
        rows += count
        return store.addTo(block, blockRows, coefficients, count)
      },
    }
  }
  return { space: { ...space, createRows }, rowsRead: () => rows }
}

describe('a search for eigenpairs', () => {
  test('keeps its basis orthonormal to 1e-6 in float32, over more than a hundred vectors', async () => {
    native = await createNativeSpace(size)
    for (const blockSize of [1, 4]) {
      const result = await extremeEigenpairs(diagonalOperator(values, native), {
        ...options,
        blockSize,
      })
      expect(result.status).toBe('converged')
      expect(result.depth).toBeGreaterThan(100)
      expect(result.orthogonalityLoss).toBeLessThan(1e-6)
      const expected = values.toSorted((a, b) => b - a)
      result.top.forEach(({ value }, i) =>
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-3),
      )
    }
  })

  test('reads less than a third of what two passes a step over the whole basis would', async () => {
    native = await createNativeSpace(size)
    const { space, rowsRead } = counted(native)
    const steps = 120
    const result = await extremeEigenpairs(diagonalOperator(values, space), {
      ...options,
      maxProducts: steps + 1,
    })
    expect(result.depth).toBe(steps)
    expect(result.orthogonalityLoss).toBeLessThan(1e-6)
    // A pass reads the rows twice: for their products, and to remove what they say.
    const twoPasses = 2 * steps * (steps + 1)
    expect(rowsRead()).toBeLessThan(twoPasses / 3)
  })
})

describe('OrthogonalityEstimate', () => {
  test('follows the loss of a recurrence that is never made orthogonal again', () => {
    // Lanczos in float64 with rows rounded to float32: losses are those of single precision, seen in double.
    const n = 400
    const entries = [...arithmetic(-1, 2 / n, n - 2), 2, 3]
    const stream = createStream(5, 'recurrence')
    const round = (v: Float64Array): Float64Array => Float64Array.from(v, Math.fround)
    const dot = (a: Float64Array, b: Float64Array): number =>
      a.reduce((sum, x, i) => sum + x * b[i]!, 0)
    const epsilon = 2 ** -23
    const estimate = new OrthogonalityEstimate(n, epsilon)
    const first = Float64Array.from({ length: n }, () => stream.nextNormal())
    const basis = [round(first.map((x) => x / Math.sqrt(dot(first, first))))]
    estimate.reset(0)
    const projected: number[][] = []
    let beta = 0
    const ratios: number[] = []
    for (let k = 0; k < 30; k += 1) {
      const q = basis[k]!
      const w = q.map((x, i) => entries[i]! * x)
      if (k > 0) w.forEach((x, i) => (w[i] = x - beta * basis[k - 1]![i]!))
      const alpha = dot(w, q)
      w.forEach((x, i) => (w[i] = x - alpha * q[i]!))
      const column = new Array<number>(k + 1).fill(0)
      column[k] = alpha
      if (k > 0) column[k - 1] = beta
      projected.forEach((row, i) => row.push(column[i]!))
      projected.push(column)
      beta = Math.sqrt(dot(w, w))
      const predicted = estimate.predict(projected, beta, 3, 0)
      estimate.advance()
      basis.push(round(w.map((x) => x / beta)))
      const loss = Math.max(
        ...basis.slice(0, k + 1).map((row) => Math.abs(dot(row, basis[k + 1]!))),
      )
      // Up to where nothing is left of orthogonality.
      if (k >= 8 && loss < 0.1) ratios.push(predicted / loss)
    }
    expect(ratios.length).toBeGreaterThan(5)
    // Over five or more orders of magnitude, never too small, and never far too large.
    ratios.forEach((ratio) => {
      expect(ratio).toBeGreaterThan(1)
      expect(ratio).toBeLessThan(300)
    })
  })

  test('learns from losses that were measured how much rounding there is', () => {
    const noiseOf = (loss: number): number => {
      const estimate = new OrthogonalityEstimate(10_000, 1e-7)
      estimate.reset(0)
      const predicted = estimate.predict([[1]], 1, 1, 0)
      estimate.measured(predicted, loss * predicted)
      return estimate.state.noise
    }
    const unchanged = noiseOf(0.5)
    expect(noiseOf(1)).toBeCloseTo(2 * unchanged, 12)
    expect(noiseOf(0.4)).toBeCloseTo(0.8 * unchanged, 12)
    // One measurement is not everything, and none is no reason to trust blindly.
    expect(noiseOf(1e-9)).toBeCloseTo(unchanged / 2, 12)
    expect(noiseOf(Number.NaN)).toBe(unchanged)
  })
})
