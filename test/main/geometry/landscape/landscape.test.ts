import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import {
  gaussianPerturbation,
  lineBarrier,
  lossAlongLine,
  normalizeFilters,
  type LineOptions,
} from '#geometry/landscape'
import { float64Space } from '#geometry/operators'
import { createLayout } from '#tensor/dense'

const normals = (size: number, name: string, scale = 1): Float64Array => {
  const vector = new Float64Array(size)
  fillNormal(vector, createStream(1, name))
  return vector.map((x) => scale * x)
}

const layout = createLayout([
  { name: 'conv.weight', shape: [4, 3, 3, 3] },
  { name: 'conv.bias', shape: [4] },
  { name: 'norm.scale', shape: [4] },
  { name: 'head.weight', shape: [5, 12] },
  { name: 'head.bias', shape: [5] },
])
const parameters = normals(layout.size, 'parameters', 0.3)
const direction = normals(layout.size, 'direction')

/** Norms of all filters, those of vectors as one. */
const filterNorms = (flat: Float64Array | Float32Array): number[] =>
  layout.entries.flatMap(({ shape, offset, size }) => {
    const count = shape.length > 1 ? shape[0]! : 1
    const width = size / count
    return Array.from({ length: count }, (_, i) =>
      Math.hypot(...flat.subarray(offset + i * width, offset + (i + 1) * width)),
    )
  })

describe('normalizeFilters', () => {
  test('T10: gives each filter the norm of the network’s filter, vectors 0 or as one filter', () => {
    const expected = filterNorms(parameters)
    const whole = normalizeFilters({ direction, parameters, layout, vectors: 'one-filter' })
    filterNorms(whole).forEach((norm, i) => {
      expect(Math.abs(norm - expected[i]!) / expected[i]!).toBeLessThan(1e-12)
    })
    const kernels = normalizeFilters({ direction, parameters, layout })
    const isVector = layout.entries.flatMap(({ shape }) =>
      shape.length > 1 ? new Array<boolean>(shape[0]!).fill(false) : [true],
    )
    filterNorms(kernels).forEach((norm, i) => {
      if (isVector[i]!) expect(norm).toBe(0)
      else expect(Math.abs(norm - expected[i]!) / expected[i]!).toBeLessThan(1e-12)
    })
  })

  test('T10: keeps the direction within a filter, and a second time changes nothing', () => {
    for (const vectors of ['zero', 'one-filter'] as const) {
      const once = normalizeFilters({ direction, parameters, layout, vectors })
      const twice = normalizeFilters({ direction: once, parameters, layout, vectors })
      once.forEach((x, i) => expect(Math.abs(twice[i]! - x)).toBeLessThan(1e-14))
      // The first filter of the convolution has 27 entries.
      const ratio = once[0]! / direction[0]!
      for (let i = 0; i < 27; i += 1) expect(once[i]! / direction[i]!).toBeCloseTo(ratio, 12)
    }
  })

  test('does not depend on the scale of the direction, however small, and takes zeros as they are', () => {
    const expected = normalizeFilters({ direction, parameters, layout })
    const small = direction.map((x) => 1e-200 * x)
    normalizeFilters({ direction: small, parameters, layout }).forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i]!, 12)
    })
    const zero = new Float64Array(layout.size)
    expect(normalizeFilters({ direction: zero, parameters, layout })).toEqual(zero)
    const dead = normalizeFilters({ direction, parameters: zero, layout })
    expect(dead.every((x) => x === 0)).toBe(true)
  })

  test('leaves its arguments alone and keeps the number type', () => {
    const before = direction.slice()
    normalizeFilters({ direction, parameters, layout })
    expect(direction).toEqual(before)
    const single = normalizeFilters({ direction: Float32Array.from(direction), parameters, layout })
    expect(single).toBeInstanceOf(Float32Array)
  })

  test('refuses vectors that do not fit', () => {
    expect(() => normalizeFilters({ direction: normals(3, 'x'), parameters, layout })).toThrow(
      `direction must have shape [${layout.size}], got [3]`,
    )
  })
})

describe('gaussianPerturbation', () => {
  test('T12: has sample variance σ², not σ⁴ or σ', async () => {
    const size = 20_000
    const space = float64Space(size)
    for (const deviation of [0.1, 3]) {
      const moved = await gaussianPerturbation({
        space,
        parameters: new Float64Array(size).fill(7),
        deviation,
        stream: createStream(2, 'noise'),
      })
      const values = Array.from(moved)
      const mean = values.reduce((sum, x) => sum + x / size, 0)
      const variance = values.reduce((sum, x) => sum + (x - 7) ** 2 / size, 0)
      expect(Math.abs(mean - 7)).toBeLessThan((4 * deviation) / Math.sqrt(size))
      expect(Math.abs(variance / deviation ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / size))
    }
  })

  test('is the same for a seed, nothing for σ = 0, and leaves the parameters alone', async () => {
    const space = float64Space(layout.size)
    const of = (deviation: number) =>
      gaussianPerturbation({ space, parameters, deviation, stream: createStream(3, 'noise') })
    const before = parameters.slice()
    expect(await of(0.5)).toEqual(await of(0.5))
    expect(await of(0)).toEqual(before)
    expect(parameters).toEqual(before)
    await expect(of(-1)).rejects.toThrow('deviation must be finite and not negative, got -1')
  })
})

describe('lossAlongLine', () => {
  const space = float64Space(2)
  const square: LineOptions = {
    space,
    start: Float64Array.of(1, 2),
    direction: Float64Array.of(1, -1),
    range: [0, 1],
    points: 5,
    lossAt: (x) => Promise.resolve(x[0]! ** 2 + x[1]! ** 2),
  }

  test.each([
    [0, 1],
    [-1, 0],
    [-0.5, 1.5],
  ])('T14: takes the range [%d, %d], ends included', async (low, high) => {
    const { positions, losses } = await lossAlongLine({ ...square, range: [low, high] })
    const step = (high - low) / 4
    expect([...positions]).toEqual([0, 1, 2, 3, 4].map((i) => low + i * step))
    positions.forEach((t, i) => expect(losses[i]).toBeCloseTo((1 + t) ** 2 + (2 - t) ** 2, 13))
    expect([...square.start]).toEqual([1, 2])
  })

  test('keeps infinite losses, and stops when told to', async () => {
    const lossAt = (x: ArrayLike<number>) => Promise.resolve(x[0]! > 1.6 ? Infinity : 0)
    const { losses } = await lossAlongLine({ ...square, lossAt })
    expect([...losses]).toEqual([0, 0, 0, Infinity, Infinity])
    await expect(lossAlongLine({ ...square, signal: AbortSignal.abort() })).rejects.toThrow(
      'stopped on request',
    )
  })

  test('refuses ranges and counts that give no grid', async () => {
    for (const range of [
      [1, 1],
      [1, 0],
      [0, NaN],
      [-Infinity, 0],
    ] as const) {
      await expect(lossAlongLine({ ...square, range })).rejects.toThrow(
        `range must be [a, b] with a < b, got [${range[0]}, ${range[1]}]`,
      )
    }
    await expect(lossAlongLine({ ...square, points: 1 })).rejects.toThrow(
      'points must be an integer of 2 or more, got 1',
    )
  })
})

describe('lineBarrier', () => {
  test('is the largest excess over the chord, with its position', () => {
    const positions = Float64Array.of(0, 1, 2, 4)
    expect(lineBarrier({ positions, losses: Float64Array.of(1, 4, 2, 5) })).toEqual({
      height: 2,
      position: 1,
    })
  })

  test('is 0 where no loss is above the chord', () => {
    const positions = Float64Array.of(0, 1, 2)
    expect(lineBarrier({ positions, losses: Float64Array.of(1, 0, 3) })).toEqual({
      height: 0,
      position: 0,
    })
  })
})
