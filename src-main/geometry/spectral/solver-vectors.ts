import { longestTrial } from './eigenpairs/block-size.ts'
import type { TraceMethod } from './traces/trace.ts'
import { defaultBudget, type SpendingOptions } from './traces/trace-precision.ts'
import { largestSketch, sketchRows } from './traces/trace-sketch.ts'

/** Vectors of n numbers that a solver holds at the same time, at most. */
export interface SolverVectors {
  /** Rows of bases, which may lie on disk. */
  readonly basis: number
  /** Vectors in memory beside them. */
  readonly others: number
}

/** Bytes the default basis may take. */
const basisBytes = 2 ** 30

/** Rows of the basis of a search for `wanted` eigenpairs: `maxBasis`, or as many as the default memory takes, within sense. */
export function basisCapacity(options: {
  readonly size: number
  readonly epsilon: number
  readonly wanted: number
  readonly maxBasis?: number | undefined
  readonly blockSize: number
}): number {
  const { size, epsilon, wanted, maxBasis, blockSize } = options
  const bytes = epsilon > 1e-10 ? 4 : 8
  const fitting = Math.floor(basisBytes / (bytes * size))
  const capacity = maxBasis ?? Math.min(600, Math.max(2 * wanted + 20, fitting))
  return Math.min(size, Math.max(capacity, wanted + 2 * blockSize))
}

/** Most vectors of a block of a search for eigenpairs: what was asked for, or what may be measured to be best. */
export function largestBlock(size: number, wish: number | 'measured' = 'measured'): number {
  if (wish !== 'measured') return Math.min(wish, size)
  return size > longestTrial ? 1 : 8
}

/**
 * What `extremeEigenpairs` holds: one basis, the block at hand and its product, with single vectors also the one before; at
 * the end the eigenvectors and their products.
 *
 * @param options.blockSize - Left out: 1.
 */
export function eigenpairsVectors(options: {
  readonly size: number
  readonly epsilon: number
  readonly wanted: number
  readonly maxProducts: number
  readonly maxBasis?: number | undefined
  readonly blockSize?: number | 'measured' | undefined
}): SolverVectors {
  const { size, wanted, maxProducts } = options
  const blockSize = largestBlock(size, options.blockSize ?? 1)
  // Every row but the first of a search comes with a product; pages that are never written take no memory.
  return {
    basis: Math.min(basisCapacity({ ...options, blockSize }), maxProducts),
    others: Math.max(3, 2 * blockSize) + 2 * wanted,
  }
}

/**
 * What `estimateDensity` holds: a basis, a start, a vector and its product for each probe, and the vectors of outliers; a copy
 * of the bases while its state is saved.
 */
export const densityVectors = (
  probes: number,
  steps: number,
  { outliers = 0, isSaved = false }: { outliers?: number; isSaved?: boolean } = {},
): SolverVectors => ({
  basis: probes * steps,
  others: 3 * probes + outliers + (isSaved ? probes * steps : 0),
})

/**
 * What `estimateTrace` holds: a block of probes and its products; with a sketch also the image of a block, and 3/2 (XTrace) or
 * 4/3 (Hutch++) vectors a product, in stores of at most twice the room.
 */
export const traceVectors = (
  rows: number,
  method: TraceMethod = 'hutchinson',
  products = 0,
): SolverVectors => {
  switch (method) {
    case 'hutchinson':
      return { basis: 0, others: 2 * rows }
    case 'hutch++':
      return { basis: 8 * Math.ceil(products / 3), others: 3 * Math.max(rows, sketchRows) }
    case 'xtrace':
      return { basis: 6 * Math.ceil(products / 2), others: 3 * Math.max(rows, sketchRows) }
  }
}

/** Vectors of a sketch whose small matrices are no longer written in words and numbers. */
const writtenSketch = 1000

/**
 * Vectors in the state of `estimateTrace` at most: two for each of the sketch, and of Hutch++ one for each probe while the sketch
 * may grow. Infinite where a state is too large for a header.
 */
export function traceStateRows(
  method: TraceMethod,
  { probes, precision, maxProducts = defaultBudget }: SpendingOptions,
): number {
  const sketchOf = (products: number): number =>
    precision === undefined
      ? Math.floor(probes / products)
      : Math.min(largestSketch, Math.floor(maxProducts / products))
  const bounded = (sketch: number, rows: number): number =>
    sketch > writtenSketch ? Infinity : rows * sketch
  switch (method) {
    case 'hutchinson':
      return 0
    case 'hutch++':
      return bounded(sketchOf(3), precision === undefined ? 2 : 3)
    case 'xtrace':
      return bounded(sketchOf(2), 2)
  }
}
