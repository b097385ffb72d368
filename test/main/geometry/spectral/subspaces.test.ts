import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { createNativeSpace } from '#geometry/curvature'
import { float64Space, type VectorSpace } from '#geometry/operators'
import {
  countOutliers,
  gradientShare,
  orthogonalizeBlock,
  principalAngles,
  subspaceOverlap,
} from '#geometry/spectral'
import { randomRotation } from '../../../support/matrices.ts'

const n = 40
const space = float64Space(n)
const rotation = randomRotation(n, 5)
/** Σ cᵢ·(axis i) in a rotated frame. */
const vector = (parts: Readonly<Record<number, number>>): Float64Array => {
  const v = new Float64Array(n)
  for (const [axis, c] of Object.entries(parts)) {
    rotation[Number(axis)]!.forEach((x, i) => (v[i]! += c * x))
  }
  return v
}
const block = (...rows: readonly Float64Array[]): Float64Array =>
  Float64Array.from(rows.flatMap((row) => [...row]))
/** axis turned towards another by an angle. */
const turned = (axis: number, towards: number, angle: number): Float64Array =>
  vector({ [axis]: Math.cos(angle), [towards]: Math.sin(angle) })

describe('principalAngles', () => {
  const axes = block(vector({ 0: 1 }), vector({ 1: 1 }), vector({ 2: 1 }))

  test('are the angles by which axes were turned, in any basis, small ones to relative digits', async () => {
    const wanted = [1e-9, 0.3, 1.4]
    const rows = wanted.map((angle, i) => turned(i, 10 + i, angle))
    // Mixed within their span by a rotation of the first two and of the last two rows.
    const mix = (v: Float64Array[], i: number, j: number, t: number): void => {
      const [a, b] = [v[i]!, v[j]!]
      v[i] = a.map((x, k) => Math.cos(t) * x + Math.sin(t) * b[k]!)
      v[j] = a.map((x, k) => -Math.sin(t) * x + Math.cos(t) * b[k]!)
    }
    mix(rows, 0, 1, 0.7)
    mix(rows, 1, 2, 1.9)
    const { angles, cosines } = await principalAngles(space, axes, block(...rows), 3, 3)
    expect(angles).toHaveLength(3)
    // The sine of 10⁻⁹ rad comes with the rounding of numbers near 1; its cosine would give 0 or 1.5·10⁻⁸.
    expect(Math.abs(angles[0]! - 1e-9)).toBeLessThan(1e-14)
    expect(angles[1]).toBeCloseTo(0.3, 13)
    expect(angles[2]).toBeCloseTo(1.4, 13)
    expect(cosines[2]).toBeCloseTo(Math.cos(1.4), 13)
  })

  test('are symmetric in the subspaces, also of different dimensions', async () => {
    const pair = block(turned(0, 10, 0.2), turned(1, 11, 1.1))
    const [there, back] = [
      await principalAngles(space, axes, pair, 3, 2),
      await principalAngles(space, pair, axes, 2, 3),
    ]
    expect(there.angles).toEqual(back.angles)
    expect(there.angles[0]).toBeCloseTo(0.2, 13)
    expect(there.angles[1]).toBeCloseTo(1.1, 13)
  })

  test('of a subspace with itself are 0, of orthogonal ones a right angle', async () => {
    const same = await principalAngles(space, axes, axes.slice(), 3, 3)
    same.angles.forEach((angle) => expect(angle).toBeLessThan(1e-14))
    const other = block(vector({ 20: 1 }), vector({ 21: 1 }))
    const right = await principalAngles(space, axes, other, 3, 2)
    right.angles.forEach((angle) => expect(angle).toBeCloseTo(Math.PI / 2, 14))
  })

  test('come out in float32 to its rounding', async () => {
    const native = await createNativeSpace(n)
    const pair = block(turned(0, 10, 1e-3), turned(1, 11, 0.5))
    const { angles } = await principalAngles(
      native,
      Float32Array.from(axes),
      Float32Array.from(pair),
      3,
      2,
    )
    await native.release()
    expect(Math.abs(angles[0]! - 1e-3)).toBeLessThan(1e-6)
    expect(Math.abs(angles[1]! - 0.5)).toBeLessThan(1e-6)
  })

  test('refuse blocks that hold too little', async () => {
    await expect(principalAngles(space, axes, axes, 4, 2)).rejects.toThrow(
      'u must have shape [4, 40], got [120]',
    )
    await expect(principalAngles(space, axes, axes, 2, 0)).rejects.toThrow(
      'v must have 1 row or more, got 0',
    )
    const broken = axes.slice()
    broken[0] = NaN
    await expect(principalAngles(space, broken, axes, 3, 3)).rejects.toThrow(
      'not a finite number in the inner products of two subspaces',
    )
  })
})

/** Orthonormal random rows. */
async function randomRows(of: VectorSpace, rows: number, seed: number) {
  const drawn = of.allocate(rows)
  fillNormal(drawn, createStream(seed, 'rows'))
  await orthogonalizeBlock(of, drawn, rows)
  return drawn
}

describe('subspaceOverlap', () => {
  test('is the mean squared cosine over the smaller dimension', async () => {
    const axes = block(vector({ 0: 1 }), vector({ 1: 1 }), vector({ 2: 1 }))
    const pair = block(turned(0, 10, 0.2), turned(1, 11, 1.1))
    const { value, chance } = await subspaceOverlap(space, axes, pair, 3, 2)
    expect(value).toBeCloseTo((Math.cos(0.2) ** 2 + Math.cos(1.1) ** 2) / 2, 13)
    expect(chance).toBe(3 / 40)
  })

  test('of random subspaces is max(k, l)/n on average', async () => {
    const values: number[] = []
    for (let seed = 0; seed < 200; seed += 1) {
      const u = await randomRows(space, 3, 2 * seed)
      const v = await randomRows(space, 5, 2 * seed + 1)
      values.push((await subspaceOverlap(space, u, v, 3, 5)).value)
    }
    const mean = values.reduce((a, b) => a + b) / 200
    const deviation = Math.sqrt(values.reduce((a, x) => a + (x - mean) ** 2, 0) / 199 / 200)
    expect(Math.abs(mean - 5 / 40)).toBeLessThan(4 * deviation)
  })
})

describe('gradientShare', () => {
  const axes = block(vector({ 0: 1 }), vector({ 1: 1 }))

  test('is the squared share, whatever the length of the gradient', async () => {
    for (const scale of [1, 1e-200, 1e150]) {
      const gradient = vector({ 0: 3 * scale, 5: 4 * scale })
      const { share, chance, chanceQuantile, pValue } = await gradientShare(
        space,
        gradient,
        axes,
        2,
      )
      expect(share).toBeCloseTo(9 / 25, 12)
      expect(chance).toBe(2 / 40)
      // Beta(1, 19): 1 − (1 − x)¹⁹.
      expect(chanceQuantile).toBeCloseTo(1 - 0.05 ** (1 / 19), 12)
      expect(pValue! / (16 / 25) ** 19).toBeCloseTo(1, 10)
    }
  })

  test('of random gradients follows its null: 5 % exceed the quantile, the mean is k/n', async () => {
    const draws = 1000
    let [exceeded, total, uniform] = [0, 0, 0]
    for (let seed = 0; seed < draws; seed += 1) {
      const gradient = new Float64Array(n)
      fillNormal(gradient, createStream(seed, 'gradient'))
      const result = await gradientShare(space, gradient, axes, 2)
      if (result.share! > result.chanceQuantile) exceeded += 1
      if (result.pValue! < 0.5) uniform += 1
      total += result.share!
    }
    // Four deviations of binomial counts, and of a mean of Beta(1, 19).
    expect(Math.abs(exceeded - 50)).toBeLessThan(4 * Math.sqrt(draws * 0.05 * 0.95))
    expect(Math.abs(uniform - 500)).toBeLessThan(4 * Math.sqrt(draws * 0.25))
    expect(Math.abs(total / draws - 0.05)).toBeLessThan(4 * Math.sqrt(19 / 400 / 21 / draws))
  })

  test('of a zero gradient is not defined; a whole space and what is not finite are refused', async () => {
    const zero = await gradientShare(space, new Float64Array(n), axes, 2)
    expect([zero.share, zero.pValue]).toEqual([null, null])
    await expect(gradientShare(space, new Float64Array(3), axes, 2)).rejects.toThrow(
      'gradient must have shape [40], got [3]',
    )
    await expect(
      gradientShare(space, new Float64Array(n), await randomRows(space, n, 1), n),
    ).rejects.toThrow('u must have fewer than 40 rows, got 40')
    await expect(gradientShare(space, new Float64Array(n).fill(Infinity), axes, 2)).rejects.toThrow(
      'not a finite number in the gradient',
    )
  })
})

describe('countOutliers', () => {
  test('counts the values before the largest relative gap', () => {
    expect(countOutliers([100, 90, 80, 10, 9, 8])).toEqual({ count: 3, gapRatio: 8 })
    expect(countOutliers([100, 10, 9, 8.5])).toEqual({ count: 1, gapRatio: 10 })
  })

  test('stays within its bounds', () => {
    expect(countOutliers([100, 10, 9, 3, 2.9], { least: 2 })).toEqual({ count: 3, gapRatio: 3 })
    expect(countOutliers([100, 90, 50, 10], { most: 2 })).toEqual({ count: 2, gapRatio: 1.8 })
  })

  test('does not count where no gap is clear', () => {
    const { count, gapRatio } = countOutliers([1.3, 1.2, 1.1, 1])
    expect(count).toBeNull()
    expect(gapRatio).toBeCloseTo(1.1, 12)
    expect(countOutliers([5])).toEqual({ count: null, gapRatio: null })
    expect(countOutliers([])).toEqual({ count: null, gapRatio: null })
    expect(countOutliers([3, -1, -2])).toEqual({ count: null, gapRatio: null })
  })

  test('leaves out what is not positive', () => {
    expect(countOutliers([8, 4, 0, -5])).toEqual({ count: 1, gapRatio: 2 })
  })

  test('refuses values out of order and bounds of nothing', () => {
    expect(() => countOutliers([1, 2])).toThrow('topValues must be descending')
    expect(() => countOutliers([2, NaN])).toThrow('topValues must be descending')
    expect(() => countOutliers([2, 1], { least: 0 })).toThrow(
      'bounds must be 1 or more and in order, got 0 and Infinity',
    )
  })
})
