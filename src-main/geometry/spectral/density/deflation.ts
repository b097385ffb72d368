import { InputError, ShapeError, fillNormal, type RandomStream } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'

/** Eigenpairs that are known and kept out of what follows. */
export interface Deflation {
  /** Eigenvalues, `[k]`. */
  readonly values: readonly number[]
  /** Their orthonormal eigenvectors, `[k, n]`. */
  readonly vectors: Vector
  /** Norms of their residuals; default: 0. */
  readonly residuals?: readonly number[]
}

/**
 * Checks that a deflation belongs to a space and leaves something of it.
 *
 * @throws ShapeError if the vectors are not `[k, n]`.
 * @throws InputError if k is n or more.
 */
export function requireDeflation(space: VectorSpace, { values, vectors }: Deflation): void {
  const count = values.length
  if (vectors.length !== count * space.size) {
    throw new ShapeError('outliers.vectors', `[${count}, ${space.size}]`, [vectors.length])
  }
  if (count >= space.size) {
    throw new InputError('outliers', `outliers must be fewer than ${space.size}, got ${count}`)
  }
}

/** Removes from the rows of a block their parts along the vectors, in place: one pass over them, whatever the rows. */
export async function projectOut(
  space: VectorSpace,
  block: Vector,
  rows: number,
  { values, vectors }: Deflation,
): Promise<void> {
  const count = values.length
  if (count === 0) return
  const parts = await space.innerProducts(block, rows, vectors, count)
  await space.addCombination(
    block,
    rows,
    parts.map((part) => -part),
    vectors,
    count,
  )
}

/** Fills a block with normal vectors, row i from `stream.fork('probe', first + i)`, in the complement of the vectors: of uniform direction there. */
export async function fillProbes(
  space: VectorSpace,
  block: Vector,
  rows: number,
  options: { readonly stream: RandomStream; readonly first: number; readonly outliers: Deflation },
): Promise<void> {
  const { size } = space
  for (let i = 0; i < rows; i += 1) {
    fillNormal(
      block.subarray(i * size, (i + 1) * size),
      options.stream.fork('probe', options.first + i),
    )
  }
  // Twice: the first pass leaves its own rounding.
  await projectOut(space, block, rows, options.outliers)
  await projectOut(space, block, rows, options.outliers)
}
