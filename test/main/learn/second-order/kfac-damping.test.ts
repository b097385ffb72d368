import { describe, expect, it } from 'vitest'
import { adaptedDamping } from '../../../../src-main/learn/training/kfac-damping.ts'

describe('adaptedDamping', () => {
  it.each([
    [0.9, (19 / 20) ** 5],
    [0.5, 1],
    [0.1, (20 / 19) ** 5],
    [-3, (20 / 19) ** 5],
    [Number.NaN, (20 / 19) ** 5],
  ])('follows a ratio of %d', (ratio, expected) => {
    expect(adaptedDamping(1, ratio, 5, 1e-9)).toBeCloseTo(expected, 6)
  })

  it('stays where float32 sees it', () => {
    expect(adaptedDamping(1e-3, 1, 1000, 1e-6)).toBe(Math.fround(1e-6))
    expect(adaptedDamping(1e9, 0, 100, 1e-6)).toBe(1e9)
  })
})
