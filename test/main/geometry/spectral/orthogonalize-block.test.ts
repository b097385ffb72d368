import { afterEach, describe, expect, test } from 'vitest'
import { createStream, fillNormal, type RandomStream } from '#base'
import { createNativeSpace, type NativeSpace } from '#geometry/curvature'
import { float64Space, type Vector, type VectorSpace } from '#geometry/operators'
import { orthogonalizeBlock } from '#geometry/spectral'

const size = 3000
const rows = 5
const stream = (name: string): RandomStream => createStream(1, 'block', name)

let native: NativeSpace | null = null
afterEach(async () => {
  await native?.release()
  native = null
})
const spaces: readonly [string, () => Promise<VectorSpace>][] = [
  ['float64', () => Promise.resolve(float64Space(size))],
  ['float32', async () => (native = await createNativeSpace(size))],
]

const row = (block: Vector, i: number): Vector => block.subarray(i * size, (i + 1) * size)
const draw = (space: VectorSpace, name: string): Vector => {
  const block = space.allocate(rows)
  fillNormal(block, stream(name))
  return block
}
const inner = (a: Vector, b: Vector): number => {
  let sum = 0
  for (let i = 0; i < size; i += 1) sum += a[i]! * b[i]!
  return sum
}

/** Three orthonormal rows. */
async function makeBasis(space: VectorSpace) {
  const basis = draw(space, 'basis')
  const { rank } = await orthogonalizeBlock(space, basis, rows)
  const store = await space.createRows(3)
  for (let i = 0; i < 3; i += 1) await store.write(i, row(basis, i), 1)
  expect(rank).toBe(rows)
  return { store, count: 3 }
}

/** max |W − C·Q − R·V| over the rows of W, relative to their lengths. */
function reconstructionError(
  before: Vector,
  after: Vector,
  basis: { store: { row(i: number): Vector }; count: number },
  result: { rank: number; coefficients: Float64Array; factor: Float64Array },
): number {
  let worst = 0
  for (let i = 0; i < rows; i += 1) {
    const rest = Float64Array.from(row(before, i))
    const length = Math.sqrt(inner(rest, rest))
    const subtract = (c: number, v: Vector) => v.forEach((x, k) => (rest[k]! -= c * x))
    for (let j = 0; j < basis.count; j += 1) {
      subtract(result.coefficients[i * basis.count + j]!, basis.store.row(j))
    }
    for (let j = 0; j < result.rank; j += 1) {
      subtract(result.factor[i * result.rank + j]!, row(after, j))
    }
    worst = Math.max(worst, Math.sqrt(inner(rest, rest)) / (length === 0 ? 1 : length))
  }
  return worst
}

/** max |V·Vᵀ − I|, |V·Qᵀ| in float64. */
function trueLoss(
  after: Vector,
  rank: number,
  basis: { store: { row(i: number): Vector }; count: number },
): number {
  let worst = 0
  for (let i = 0; i < rank; i += 1) {
    for (let j = 0; j < rank; j += 1) {
      worst = Math.max(worst, Math.abs(inner(row(after, i), row(after, j)) - (i === j ? 1 : 0)))
    }
    for (let j = 0; j < basis.count; j += 1) {
      worst = Math.max(worst, Math.abs(inner(row(after, i), basis.store.row(j))))
    }
  }
  return worst
}

describe.each(spaces)('orthogonalizeBlock in %s', (_name, makeSpace) => {
  const cases: readonly [string, number, (block: Vector, space: VectorSpace) => void][] = [
    ['random rows', 5, () => undefined],
    [
      'rows of lengths from 10⁻²⁰ to 10¹²',
      5,
      (block) => {
        for (let i = 0; i < rows; i += 1)
          row(block, i).forEach((x, k) => (row(block, i)[k] = x * 10 ** (8 * i - 20)))
      },
    ],
    [
      // Their squares leave the range of float32.
      'rows of lengths from 10⁻³⁰ to 10³⁰',
      5,
      (block) => {
        for (let i = 0; i < rows; i += 1)
          row(block, i).forEach((x, k) => (row(block, i)[k] = x * 10 ** (15 * i - 30)))
      },
    ],
    [
      // As near as 2,000 units of rounding.
      'nearly equal rows',
      5,
      (block, { epsilon }) => {
        for (let i = 1; i < rows; i += 1) {
          const noise = row(block, i)
          noise.forEach((x, k) => (noise[k] = block[k]! + 2000 * epsilon * x))
        }
      },
    ],
    [
      'a row given twice and a zero row',
      3,
      (block) => {
        row(block, 4).set(row(block, 1))
        row(block, 2).fill(0)
      },
    ],
    [
      'a sum of two others',
      4,
      (block) =>
        row(block, 3).forEach((_, k) => (row(block, 3)[k] = block[k]! + row(block, 1)[k]!)),
    ],
    ['zero rows alone', 0, (block) => block.fill(0)],
  ]
  test.each(cases)(
    '%s: rank %i, orthonormal, and they say what the rows were',
    async (_case, rank, change) => {
      const space = await makeSpace()
      const basis = await makeBasis(space)
      const before = draw(space, 'rows')
      change(before, space)
      const after = before.slice()
      const result = await orthogonalizeBlock(space, after, rows, basis)
      expect(result.rank).toBe(rank)
      expect(trueLoss(after, rank, basis)).toBeLessThan(20 * space.epsilon)
      expect(result.orthogonalityLoss).toBeLessThan(20 * space.epsilon)
      expect(reconstructionError(before, after, basis, result)).toBeLessThan(40 * space.epsilon)
      await basis.store.release()
    },
  )

  test('drops rows that lie in the basis', async () => {
    const space = await makeSpace()
    const basis = await makeBasis(space)
    const block = draw(space, 'rows')
    row(block, 1).set(basis.store.row(2))
    row(block, 3).forEach(
      (_, k) => (row(block, 3)[k] = basis.store.row(0)[k]! - basis.store.row(1)[k]!),
    )
    const { rank } = await orthogonalizeBlock(space, block, rows, basis)
    expect(rank).toBe(3)
    expect(trueLoss(block, rank, basis)).toBeLessThan(20 * space.epsilon)
  })

  test('refuses what is not finite or not a block', async () => {
    const space = await makeSpace()
    const block = space.allocate(2)
    block[3] = Number.NaN
    await expect(orthogonalizeBlock(space, block, 2)).rejects.toThrow(
      'not a finite number in the block',
    )
    await expect(orthogonalizeBlock(space, block, 3)).rejects.toThrow(
      'block must have shape [3, 3000], got [6000]',
    )
  })
})
