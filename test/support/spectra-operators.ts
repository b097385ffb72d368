import { expect } from 'vitest'
import { createStream, fillNormal } from '#base'
import { blockRows, float64Space, type LinearOperator, type Vector } from '#geometry/operators'

/** A diagonal operator: its spectrum is what it says. */
export function diagonalOperator(
  values: readonly number[],
  space = float64Space(values.length),
): LinearOperator {
  const size = values.length
  return {
    size,
    space,
    preferredRows: 4,
    apply: (input, rows, output) => {
      for (let i = 0; i < rows * size; i += 1) output[i] = values[i % size]! * input[i]!
      return Promise.resolve()
    },
  }
}

/** The algebra of R^n with vectors kept in float32, as the native runtime keeps them. */
export function float32Space(size: number): LinearOperator['space'] {
  const space: LinearOperator['space'] = {
    ...float64Space(size),
    epsilon: 2 ** -23,
    allocate: (rows) => new Float32Array(rows * size),
    createRows: (capacity) => Promise.resolve(blockRows(space, capacity)),
  }
  return space
}

/** The operator, whose products are NaN from the `first` one on, counted in vectors from 1. */
export function breakingOperator(operator: LinearOperator, first: number): LinearOperator {
  let products = 0
  return {
    size: operator.size,
    space: operator.space,
    preferredRows: operator.preferredRows,
    apply: async (input, rows, output) => {
      await operator.apply(input, rows, output)
      for (let row = 0; row < rows; row += 1) {
        products += 1
        if (products >= first) output[row * operator.size] = NaN
      }
    },
  }
}

/**
 * Attacks an operator from all sides against its dense matrix: unit vectors, single vectors and blocks of
 * several sizes, linearity, symmetry, and that it overwrites its output and leaves its input alone.
 *
 * @param matrix - `[n, n]`, row-major.
 */
export async function expectOperatorIs(
  operator: LinearOperator,
  matrix: Float64Array,
  seed = 1,
): Promise<void> {
  const { size, space } = operator
  const largest = matrix.reduce((a, x) => Math.max(a, Math.abs(x)), 0)
  const tolerance = 16 * size * space.epsilon * Math.max(largest, Number.MIN_VALUE)
  const apply = async (input: Vector, rows: number): Promise<Vector> => {
    const before = input.slice()
    const output = space.allocate(rows).fill(NaN)
    await operator.apply(input, rows, output)
    expect(input).toEqual(before)
    return output
  }
  const expectProducts = (input: Vector, rows: number, output: Vector): void => {
    for (let row = 0; row < rows; row += 1) {
      const v = input.subarray(row * size, (row + 1) * size)
      const length = Math.hypot(...v)
      for (let i = 0; i < size; i += 1) {
        let expected = 0
        for (let j = 0; j < size; j += 1) expected += matrix[i * size + j]! * v[j]!
        expect(Math.abs(output[row * size + i]! - expected)).toBeLessThanOrEqual(tolerance * length)
      }
    }
  }

  const units = space.allocate(size)
  for (let i = 0; i < size; i += 1) units[i * size + i] = 1
  expectProducts(units, size, await apply(units, size))

  for (const rows of [1, 2, operator.preferredRows, operator.preferredRows + 1]) {
    const block = space.allocate(rows)
    fillNormal(block, createStream(seed, 'block', rows))
    const product = await apply(block, rows)
    expectProducts(block, rows, product)
    for (let row = 0; row < rows; row += 1) {
      const single = await apply(block.slice(row * size, (row + 1) * size), 1)
      single.forEach((x, i) => {
        expect(Math.abs(x - product[row * size + i]!)).toBeLessThanOrEqual(8 * size * tolerance)
      })
    }
  }

  const pair = space.allocate(2)
  fillNormal(pair, createStream(seed, 'pair'))
  const [u, v] = [pair.subarray(0, size), pair.subarray(size)]
  const [Au, Av] = [await apply(u.slice(), 1), await apply(v.slice(), 1)]
  const mixed = space.allocate(1)
  await space.setCombination(mixed, 1, Float64Array.of(2, -3), pair, 2)
  const product = await apply(mixed, 1)
  product.forEach((x, i) => {
    expect(Math.abs(x - (2 * Au[i]! - 3 * Av[i]!))).toBeLessThanOrEqual(8 * size * tolerance)
  })
  const [left] = await space.innerProducts(u, 1, Av, 1)
  const [right] = await space.innerProducts(v, 1, Au, 1)
  expect(Math.abs(left! - right!)).toBeLessThanOrEqual(8 * size * tolerance)
}
