import { describe, expect, test } from 'vitest'
import { createStream, fillSigns, philox4x32, shuffledIndices } from '#base'

const hex = (words: readonly number[]): string[] =>
  words.map((word) => word.toString(16).padStart(8, '0'))

describe('philox4x32', () => {
  test('gives the known answers of Random123', () => {
    expect(hex(philox4x32([0, 0, 0, 0], [0, 0]))).toEqual([
      '6627e8d5',
      'e169c58d',
      'bc57ac4c',
      '9b00dbd8',
    ])
    const ones = 0xffffffff
    expect(hex(philox4x32([ones, ones, ones, ones], [ones, ones]))).toEqual([
      '408f276d',
      '41c83b0e',
      'a20bc7c6',
      '6d5451fd',
    ])
    expect(
      hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
    ).toEqual(['d16cfe09', '94fdcceb', '5001e420', '24126ea1'])
  })
})

describe('createStream', () => {
  test('depends on seed and path only', () => {
    const draw = (seed: number, ...path: string[]) => createStream(seed, ...path).nextUint32()
    expect(draw(1, 'a')).toBe(draw(1, 'a'))
    expect(new Set([draw(1, 'a'), draw(1, 'b'), draw(2, 'a'), draw(1, 'a', 'b')]).size).toBe(4)
    expect(createStream(1, 'a').fork('b').nextUint32()).toBe(createStream(1, 'a', 'b').nextUint32())
  })

  test('has normals of mean 0, variance 1 and kurtosis 3 within 4 standard errors', () => {
    const stream = createStream(3, 'normal')
    const count = 200_000
    let [first, second, fourth] = [0, 0, 0]
    for (let i = 0; i < count; i += 1) {
      const x = stream.nextNormal()
      first += x / count
      second += (x * x) / count
      fourth += x ** 4 / count
    }
    expect(Math.abs(first)).toBeLessThan(4 / Math.sqrt(count))
    expect(Math.abs(second - 1)).toBeLessThan(4 * Math.sqrt(2 / count))
    expect(Math.abs(fourth - 3)).toBeLessThan(4 * Math.sqrt(96 / count))
  })

  test.each([1, 2, 3])('has uniforms in [0, 1) of the right moments (seed %i)', (seed) => {
    const stream = createStream(seed, 'uniform')
    const count = 100_000
    let [sum, squares] = [0, 0]
    for (let i = 0; i < count; i += 1) {
      const x = stream.nextUniform()
      if (x < 0 || x >= 1) throw new Error(`${x} is outside [0, 1)`)
      sum += x / count
      squares += (x * x) / count
    }
    // Var x = 1/12, Var x² = 4/45
    expect(Math.abs(sum - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / count))
    expect(Math.abs(squares - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / count))
  })

  test('has neighbors, forks and seeds that do not correlate', () => {
    const count = 50_000
    const normals = (stream: ReturnType<typeof createStream>) =>
      Float64Array.from({ length: count }, () => stream.nextNormal())
    const root = createStream(8, 'root')
    const first = normals(root.fork('a'))
    const others = [
      normals(root.fork('b')),
      normals(root.fork('a', 0)),
      normals(root),
      normals(createStream(9, 'root', 'a')),
      first.map((_, i) => first[(i + 1) % count]!),
    ]
    for (const other of others) {
      const correlation = first.reduce((sum, x, i) => sum + x * other[i]!, 0) / count
      expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(count))
    }
  })

  test('gives a fork that does not depend on what was drawn before', () => {
    const used = createStream(10, 'used')
    const fresh = used.fork('next').nextUint32()
    for (let i = 0; i < 7; i += 1) used.nextNormal()
    expect(used.fork('next').nextUint32()).toBe(fresh)
  })

  test('uses the upper half of a seed too', () => {
    expect(createStream(2 ** 32 + 5).nextUint32()).not.toBe(createStream(5).nextUint32())
  })

  test('has integers without the bias of a plain remainder', () => {
    // A remainder of 32 bits by 3·2³⁰ would fall below 2³⁰ half the time, not a third.
    const stream = createStream(12, 'wide')
    const count = 20_000
    let low = 0
    for (let i = 0; i < count; i += 1) if (stream.nextInteger(3 * 2 ** 30) < 2 ** 30) low += 1
    expect(Math.abs(low - count / 3)).toBeLessThan(4 * Math.sqrt((count * 2) / 9))
  })

  test('has unbiased integers', () => {
    const stream = createStream(4, 'integers')
    const counts = [0, 0, 0]
    for (let i = 0; i < 30_000; i += 1) counts[stream.nextInteger(3)]! += 1
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(4 * 82)
  })
})

describe('fillSigns', () => {
  test('gives ±1 with mean 0 within 4 standard errors', () => {
    const signs = new Float32Array(10_000)
    fillSigns(signs, createStream(5, 'signs'))
    expect(signs.every((sign) => Math.abs(sign) === 1)).toBe(true)
    expect(Math.abs(signs.reduce((a, b) => a + b, 0))).toBeLessThan(400)
  })
})

describe('shuffledIndices', () => {
  test('gives all orders of three equally often', () => {
    const stream = createStream(13, 'orders')
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i += 1) {
      const order = shuffledIndices(3, stream).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    // Binomial with p = 1/6: standard error √(6000 · 5/36) = 28.9
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * 28.9)
  })

  test('is a permutation', () => {
    const order = shuffledIndices(100, createStream(6))
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})
