import { InputError } from '#base'
import type { LinearOperator } from '#geometry/operators'
import { enclosingInterval } from '../chebyshev/chebyshev-interval.ts'
import {
  InteriorSearch,
  type InteriorHeader,
  type InteriorOptions,
  type InteriorResult,
} from './interior-search.ts'
import { requireState, type StateOrigin } from '../solver-state.ts'
import type { SolverVectors } from '../solver-vectors.ts'

/** Blocks of a basis. */
const basisBlocks = 6

/** A space of no more dimensions or blocks than this is taken as a whole: n products are fewer than a filter's. */
const wholeSize = 200
const wholeBlocks = 3

const isWholeTaken = (size: number, rows: number): boolean =>
  size <= Math.max(wholeSize, wholeBlocks * rows)

/** Rows of a block: some more than are wanted, as the last ones converge slowly, and full groups. */
function blockRowsOf(size: number, count: number, preferredRows: number): number {
  const rows = count + Math.max(4, Math.ceil(count / 4))
  return Math.min(size, Math.ceil(rows / preferredRows) * preferredRows)
}

const capacityOf = (size: number, rows: number, maxBasis: number | undefined): number =>
  isWholeTaken(size, rows)
    ? size
    : Math.min(size, Math.max(maxBasis ?? basisBlocks * rows, 4 * rows))

/**
 * What `interiorEigenpairs` holds: a basis, a block, a group's recurrence, candidates with their products and rotated, and the answer.
 * Besides, while its state is saved, `state`.
 */
export function interiorVectors(options: {
  readonly size: number
  readonly count: number
  /** Rows of a product. */
  readonly rows: number
  readonly maxBasis?: number | undefined
}): SolverVectors & { readonly state: number } {
  const { size } = options
  const rows = blockRowsOf(size, Math.min(options.count, size), options.rows)
  const basis = capacityOf(size, rows, options.maxBasis)
  return isWholeTaken(size, rows)
    ? { basis, others: 4 * size, state: 0 }
    : { basis, others: 8 * rows + 3 * options.rows, state: basis + rows + 2 * options.rows }
}

/**
 * Finds the eigenvalues of a symmetric operator that are nearest to a target, without solving with it.
 *
 * Block Lanczos on p(A), where p is a polynomial of A with one peak at the target (Chebyshev and Jackson); what passes the
 * filter is then resolved by Rayleigh–Ritz on A itself, as p takes values on both sides of the target for equal. The spectrum's
 * interval comes from a few Lanczos steps, the first degree from a count of eigenvalues by kernel polynomials, and both are
 * corrected on the way: the interval when polynomials grow, the degree when too many or too few Ritz values pass. Blocks have more
 * rows than eigenvalues are wanted, so multiple ones are found.
 *
 * The search is complete when residuals are within tolerance and no Ritz value of p(A) is left that could hide an eigenvalue
 * nearer by more than the tolerance. Where more eigenvalues than wanted are equally near, as in a null space, the note says how
 * many were seen at least.
 *
 * Cost: (rows of a block)·degree applications a pass, and the degree grows as (width of the spectrum)/(distance that holds a
 * block of eigenvalues): an interior value in a dense spectrum is expensive. Up to n = 200 the whole space is taken, with n
 * applications. Deterministic for a given stream; scales with the operator. A search that was interrupted and goes on from its
 * state is bit-equal; the first looks at the interval and the density, and a space that is taken as a whole, begin anew.
 *
 * @param operator - Symmetric, size n. Symmetry is trusted.
 * @returns Status `not-converged` if the budget ended first; the note says how crowded it is at the target.
 * @throws InputError if `count`, `target` or the budget make no sense, or `saved` is of another search.
 * @throws NonFiniteError naming the products, if one is not finite.
 * @see Li, Xi, Vecharynski, Yang and Saad, A thick-restart Lanczos algorithm with polynomial filtering (2016)
 */
export async function interiorEigenpairs(
  operator: LinearOperator,
  options: InteriorOptions,
): Promise<InteriorResult> {
  const { size, space, preferredRows } = operator
  const { target = 0 } = options
  if (!Number.isInteger(options.count) || options.count < 1) {
    throw new InputError('count', `count must be an integer of 1 or more, got ${options.count}`)
  }
  if (!Number.isFinite(target)) {
    throw new InputError('target', `target must be a finite number, got ${target}`)
  }
  const count = Math.min(options.count, size)
  const { stream, signal, saved } = options
  const of: StateOrigin = {
    size,
    epsilon: space.epsilon,
    target,
    count,
    tolerance: options.tolerance,
    maxProducts: options.maxProducts,
    maxBasis: options.maxBasis ?? 'default',
    stream: stream.fork('name').nextUint32(),
  }
  const header = saved && (requireState(saved, of) as InteriorHeader)
  // A block stays as large as it was, even where products come in other blocks now.
  const rows = header?.blockRows ?? blockRowsOf(size, count, preferredRows)
  const isSmall = header === undefined && isWholeTaken(size, rows)
  const least = 24 + (isSmall ? size : 8 * preferredRows + 10 * rows)
  if (!(options.maxProducts >= least)) {
    throw new InputError(
      'maxProducts',
      `maxProducts must be ${least} or more for ${count} eigenpairs, got ${options.maxProducts}`,
    )
  }
  const enclosing = header?.enclosing ?? (await enclosingInterval(operator, { stream, signal }))
  const store = await space.createRows(capacityOf(size, rows, options.maxBasis))
  try {
    const settings = { ...options, target, count, rows }
    const search = new InteriorSearch(operator, settings, store, enclosing, of)
    return await (isSmall ? search.takeWhole() : search.run())
  } finally {
    await store.release()
  }
}
