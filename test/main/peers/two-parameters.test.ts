import { describe, expect, test } from 'vitest'
import { lineBarrier, lossAlongLine, type LineProfile } from '#geometry/landscape'
import { float64Space, type Vector } from '#geometry/operators'
import { eigenSymmetric } from '#geometry/spectral'
import { integerPower, mul, reduceSum, slice, sub, traceProgram } from '#tensor/program'
import { interpretProgram } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import { float32 } from '../../support/programs.ts'

const [x, y] = [1.5, 1.2]
/** ½(abx − y)², the smallest network with a rescaling symmetry. */
const loss = traceProgram('two parameters', [float32([2])], ([w]) => {
  const product = mul(slice(w!, [0], [1]), slice(w!, [1], [2]))
  return [mul(reduceSum(integerPower(sub(mul(product, x), y), 2)), 0.5)]
})
const lossAt = (w: Vector): Promise<number> =>
  Promise.resolve(interpretProgram(loss, [Float64Array.from(w)])[0]![0]!)

const along = (from: readonly number[], to: readonly number[]): Promise<LineProfile> =>
  lossAlongLine({
    space: float64Space(2),
    start: Float64Array.from(from),
    direction: Float64Array.from(to, (value, i) => value - from[i]!),
    range: [0, 1],
    points: 101,
    lossAt,
  })

/** Eigenvalues of the Hessian at (a, b), ascending. */
function curvature(a: number, b: number): number[] {
  const product = hvp(loss, [0], null)
  const rows = [
    [1, 0],
    [0, 1],
  ].map((unit) => interpretProgram(product, [Float64Array.of(a, b), Float64Array.from(unit)])[0]!)
  return [...eigenSymmetric(rows).values]
}

describe('no. 4: a network of two parameters', () => {
  const minima = [0.4, 0.7, Math.sqrt(y / x), 1.3, 2.5].map((a) => [a, y / (a * x)] as const)

  test('no. 4: has the eigenvalues 0 and x²(a² + b²) at a minimum, at least 2|xy| where |a| = |b|', () => {
    for (const [a, b] of minima) {
      const [low, high] = curvature(a, b)
      expect(low).toBeCloseTo(0, 12)
      expect(high).toBeCloseTo(x * x * (a * a + b * b), 12)
      expect(high).toBeGreaterThanOrEqual(2 * x * y - 1e-12)
    }
    expect(curvature(...minima[2]!)[1]).toBeCloseTo(2 * x * y, 12)
  })

  test('no. 4: has a barrier of ½y² halfway to (−a, −b), and none once a sign is flipped back', async () => {
    for (const [a, b] of minima) {
      const barrier = lineBarrier(await along([a, b], [-a, -b]))
      expect(barrier.height).toBeCloseTo(y * y * 0.5, 12)
      expect(barrier.position).toBeCloseTo(0.5, 12)
      // Both signs of one end flipped: the same function, and the same point.
      expect(lineBarrier(await along([a, b], [a, b])).height).toBeLessThan(1e-15)
    }
  })

  test('no. 4: has no curve of a lower barrier in the plane: where ab = 0, the loss is ½y²', async () => {
    const [a, b] = minima[0]!
    // Around the origin at a corner, and far out: every way from ab > 0 through a sign change of a.
    for (const corner of [
      [-3, 3],
      [3, -3],
      [-0.1, 2],
    ] as const) {
      const [first, second] = [await along([a, b], corner), await along(corner, [-a, -b])]
      expect(Math.max(...first.losses, ...second.losses)).toBeGreaterThanOrEqual(0.5 * y * y)
    }
    for (const w of [-2, -0.3, 0, 0.5, 4]) {
      expect(await lossAt(Float64Array.of(0, w))).toBeCloseTo(0.5 * y * y, 14)
      expect(await lossAt(Float64Array.of(w, 0))).toBeCloseTo(0.5 * y * y, 14)
    }
  })
})
