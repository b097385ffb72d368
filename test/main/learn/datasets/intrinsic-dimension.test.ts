import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createStream, fillNormal } from '#base'
import { loadArray } from '#learn/datasets'
import { curvatureOfChord } from '../../../../src-main/learn/datasets/intrinsic-dimension-curvature.ts'
import {
  drawProjection,
  project,
} from '../../../../src-main/learn/datasets/intrinsic-dimension-projection.ts'
import {
  estimateIntrinsicDimension,
  estimateTwoNn,
} from '../../../../src-main/learn/datasets/intrinsic-dimension.ts'
import { fixturePath } from '../../../support/fixtures.ts'

const pointsOf = (rows: readonly (readonly number[])[]) => ({
  count: rows.length,
  width: rows[0]!.length,
  values: Float64Array.from(rows.flat()),
})
const normals = (count: number, width: number, seed = 1) => {
  const values = new Float64Array(count * width)
  fillNormal(values, createStream(seed, 'points'))
  return { count, width, values }
}

describe('estimateTwoNn', () => {
  test('is (N − 1)/Σ ln μ', () => {
    const { value } = estimateTwoNn(Float64Array.of(1.2, 1.5, 2, 1.1))!
    expect(value).toBeCloseTo(2.1798459757, 9)
  })

  test('says nothing of a lattice, whose neighbors are equally far', () => {
    expect(estimateTwoNn(Float64Array.of(1, 1, 1))).toBeNull()
  })
})

describe('estimateIntrinsicDimension', () => {
  test('agrees with SciPy on a sphere in six dimensions', async () => {
    const array = await loadArray(fixturePath('text', 'sphere.npy'))
    const measured = estimateIntrinsicDimension({
      count: 2000,
      width: 6,
      values: Float64Array.from(array.data),
    })!
    const golden = JSON.parse(readFileSync(fixturePath('text', 'dimensions.json'), 'utf8')) as {
      twoNn: number
      interval: [number, number]
      levinaBickel: number
      participationRatio: number
    }
    const twoNn = measured.twoNearestNeighbours!
    expect(twoNn.value / golden.twoNn).toBeCloseTo(1, 10)
    expect((twoNn.value * 2000) / 1999).toBeCloseTo(4.846368, 5)
    expect(twoNn.lower).toBeCloseTo(golden.interval[0], 5)
    expect(twoNn.upper).toBeCloseTo(golden.interval[1], 5)
    expect(measured.levinaBickel! / golden.levinaBickel).toBeCloseTo(1, 10)
    expect(measured.participationRatio / golden.participationRatio).toBeCloseTo(1, 10)
  })

  test('has the participation ratio of the spectrum 4, 2, 1, 1', () => {
    // Four pairs ±√(4λ)·eₖ, eight of each at lengths that keep Σx² but differ: covariance diag(λ).
    const rows = [4, 2, 1, 1].flatMap((variance, k) =>
      Array.from({ length: 8 }, (_, i) => {
        const length = Math.sqrt(4 * variance * (1 + (i % 4 < 2 ? 0.1 : -0.1) * (1 + (i & 1))))
        return [0, 1, 2, 3].map((j) => (j === k ? (i < 4 ? length : -length) : 0))
      }),
    )
    const { participationRatio } = estimateIntrinsicDimension(pointsOf(rows))!
    expect(participationRatio).toBeCloseTo(2.9090909, 6)
  })

  test('does not change with shift, scale and turn', () => {
    const flat = normals(300, 3)
    const [c, s] = [Math.cos(1), Math.sin(1)]
    const moved = Array.from({ length: 300 }, (_, i) => {
      const [x, y, z] = flat.values.subarray(3 * i, 3 * i + 3)
      return [7 * (c * x! - s * y!) + 100, 7 * (s * x! + c * y!), 7 * z! - 3]
    })
    const [a, b] = [estimateIntrinsicDimension(flat)!, estimateIntrinsicDimension(pointsOf(moved))!]
    expect(b.twoNearestNeighbours!.value).toBeCloseTo(a.twoNearestNeighbours!.value, 8)
    expect(b.levinaBickel!).toBeCloseTo(a.levinaBickel!, 8)
    expect(b.participationRatio).toBeCloseTo(a.participationRatio, 8)
    expect(b.curvature! * 7).toBeCloseTo(a.curvature!, 5)
  })

  test('drops duplicates, −0 and 0 being one', () => {
    const once = normals(100, 3)
    once.values[0] = 0
    const twice = {
      count: 200,
      width: 3,
      values: Float64Array.of(...once.values, ...once.values.map((x) => (x === 0 ? -0 : x))),
    }
    expect(estimateIntrinsicDimension(twice)).toEqual(estimateIntrinsicDimension(once))
  })

  test('gives no dimension of lattice points, but their directions', () => {
    const rows = Array.from({ length: 64 }, (_, i) => [i % 8, i >> 3])
    const measured = estimateIntrinsicDimension(pointsOf(rows))!
    expect(measured.twoNearestNeighbours).toBeNull()
    expect(measured.curvature).toBeNull()
    expect(measured.participationRatio).toBeCloseTo(2, 9)
  })

  test('says nothing of fewer than 30 points that differ, or of a constant', () => {
    expect(estimateIntrinsicDimension(normals(29, 3))).toBeNull()
    expect(estimateIntrinsicDimension({ count: 50, width: 2, values: new Float64Array(100) })).toBe(
      null,
    )
  })

  test('measures the dimension in its interval about as often as said', () => {
    const seeds = Array.from({ length: 60 }, (_, seed) => seed)
    const covered = seeds.filter((seed) => {
      const stream = createStream(seed, 'torus')
      // Uniform on a flat torus, which has no edge: d = 2 in four coordinates.
      const rows = Array.from({ length: 400 }, () => {
        const [a, b] = [2 * Math.PI * stream.nextUniform(), 2 * Math.PI * stream.nextUniform()]
        return [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)]
      })
      const { lower, upper } = estimateIntrinsicDimension(pointsOf(rows))!.twoNearestNeighbours!
      return lower < 2 && 2 < upper
    })
    // Neighbors of neighbors depend on each other, so that coverage is a little below 95%.
    expect(covered.length).toBeGreaterThan(60 * 0.95 - 4 * Math.sqrt(60 * 0.95 * 0.05))
  })
})

describe('curvatureOfChord', () => {
  test('is 2/(R(1 + cos φ)) on a circle', () => {
    const [radius, angle] = [2, 0.2]
    const curvature = curvatureOfChord(radius * Math.sin(angle), radius * (1 - Math.cos(angle)))
    expect(curvature).toBeCloseTo(0.5050335232, 9)
  })
})

describe('project', () => {
  test('keeps squared lengths on average, with the variance of a Gaussian projection', () => {
    const point = new Float64Array(400)
    fillNormal(point, createStream(1, 'point'))
    const square = point.reduce((sum, x) => sum + x * x, 0)
    const count = 400
    const ratios = Array.from({ length: count }, (_, seed) => {
      const target = new Float64Array(50)
      project(drawProjection(400, 50, createStream(seed, 'projection')), point, target)
      return target.reduce((sum, x) => sum + x * x, 0) / square
    })
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / count
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(2 / 50 / count))
    const variance = ratios.reduce((sum, ratio) => sum + (ratio - 1) ** 2, 0) / count
    expect(variance).toBeLessThan((2 / 50) * (1 + 4 * Math.sqrt(2 / count)))
  })
})
