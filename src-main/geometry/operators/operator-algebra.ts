import { InputError } from '#base'
import type { LinearOperator } from './operator.ts'
import type { Vector, VectorSpace } from './vector-space.ts'

/** A block that grows to the most rows asked for, so that products reuse its memory. */
function scratchBlock(space: VectorSpace): (rows: number) => Vector {
  let block = space.allocate(0)
  return (rows) => {
    if (block.length < rows * space.size) block = space.allocate(rows)
    return block
  }
}

/** target ← target + factor·source, or target ← factor·source, row by row. */
async function combineRows(
  space: VectorSpace,
  operation: 'addCombination' | 'setCombination',
  target: Vector,
  factor: number,
  source: Vector,
  rows: number,
): Promise<void> {
  const coefficient = Float64Array.of(factor)
  for (let row = 0; row < rows; row += 1) {
    const [from, to] = [row * space.size, (row + 1) * space.size]
    await space[operation](target.subarray(from, to), 1, coefficient, source.subarray(from, to), 1)
  }
}

/**
 * The operator c·A.
 *
 * Cost: a product of A and one pass over the block; holds one block as large as the largest it was
 * given. One product at a time.
 *
 * @param factor - c.
 */
export function scaleOperator(operator: LinearOperator, factor: number): LinearOperator {
  const { size, space, preferredRows } = operator
  const scratch = scratchBlock(space)
  return {
    size,
    space,
    preferredRows,
    apply: async (input, rows, output) => {
      const product = scratch(rows)
      await operator.apply(input, rows, product)
      await combineRows(space, 'setCombination', output, factor, product, rows)
    },
  }
}

/**
 * The operator A + B.
 *
 * Both take vectors of the first one's space. Cost: a product of each and one pass over the block;
 * holds one block as large as the largest it was given. One product at a time.
 *
 * @throws InputError if the sizes differ.
 */
export function sumOperator(first: LinearOperator, second: LinearOperator): LinearOperator {
  const { size, space } = first
  if (second.size !== size) {
    throw new InputError('second', `second must have size ${size}, got ${second.size}`)
  }
  const scratch = scratchBlock(space)
  return {
    size,
    space,
    preferredRows: Math.max(first.preferredRows, second.preferredRows),
    apply: async (input, rows, output) => {
      const product = scratch(rows)
      await first.apply(input, rows, output)
      await second.apply(input, rows, product)
      await combineRows(space, 'addCombination', output, 1, product, rows)
    },
  }
}
