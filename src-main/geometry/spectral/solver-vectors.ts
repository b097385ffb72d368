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
}): number {
  const { size, epsilon, wanted, maxBasis } = options
  const bytes = epsilon > 1e-10 ? 4 : 8
  const fitting = Math.floor(basisBytes / (bytes * size))
  const capacity = maxBasis ?? Math.min(600, Math.max(2 * wanted + 20, fitting))
  return Math.min(size, Math.max(capacity, wanted + 2))
}

/** What `extremeEigenpairs` holds: one basis, the vector at hand and its product; at the end the eigenvectors and their products. */
export function eigenpairsVectors(options: {
  readonly size: number
  readonly epsilon: number
  readonly wanted: number
  readonly maxProducts: number
  readonly maxBasis?: number | undefined
}): SolverVectors {
  const { wanted, maxProducts } = options
  // Every row but the first of a search comes with a product; pages that are never written take no memory.
  return { basis: Math.min(basisCapacity(options), maxProducts), others: 2 + 2 * wanted }
}

/** What `estimateDensity` holds: a basis, a start, a vector and its product for each probe. */
export const densityVectors = (probes: number, steps: number): SolverVectors => ({
  basis: probes * steps,
  others: 3 * probes,
})

/** What `estimateTrace` holds: a block of probes and its products. */
export const traceVectors = (rows: number): SolverVectors => ({ basis: 0, others: 2 * rows })
