import type { RowStore, Vector, VectorSpace } from './vector-space.ts'

/** Rows one after another in one block of the space, by the space's own operations. */
export function blockRows(space: VectorSpace, capacity: number): RowStore {
  const { size } = space
  const block = space.allocate(capacity)
  const row = (index: number): Vector => block.subarray(index * size, (index + 1) * size)
  return {
    capacity,
    row,
    read: (index, target) => target.set(row(index)),
    write: (index, v, factor) => space.setCombination(row(index), 1, Float64Array.of(factor), v, 1),
    innerProducts: (vectors, vectorRows, count) =>
      space.innerProducts(vectors, vectorRows, block, count),
    addTo: (target, targetRows, coefficients, count) =>
      space.addCombination(target, targetRows, coefficients, block, count),
    recombine: async (coefficients, rowCount, count) => {
      const combined = space.allocate(rowCount)
      await space.setCombination(combined, rowCount, coefficients, block, count)
      block.set(combined)
    },
    gram: (count) => space.innerProducts(block, count, block, count),
    release: () => Promise.resolve(),
  }
}
