import { InputError, ShapeError, throwIfStopped } from '#base'
import type { LinearOperator, Vector, VectorSpace } from '#geometry/operators'
import { KrylovBasis } from './krylov-basis.ts'

/** `invariant-subspace`: the Krylov space closed before the depth asked for; its answers are exact. */
export type LanczosStatus = 'full-depth' | 'invariant-subspace'

/** Settings of {@link lanczos}. */
export interface LanczosOptions {
  /** Krylov depth k, 1 ≤ k ≤ n. */
  readonly depth: number
  readonly signal?: AbortSignal | undefined
  /** Called after every step with the applications made so far. */
  readonly onStep?: ((products: number) => void) | undefined
}

/** A partial tridiagonalization A Qᵀ = Qᵀ T + r eₖᵀ. */
export interface LanczosResult {
  /** Q, `[k, n]`, orthonormal rows; theirs until they release it. */
  readonly basis: KrylovBasis
  /** Diagonal of T, `[k]`. */
  readonly diagonal: readonly number[]
  /** Off-diagonal of T, `[k − 1]`. */
  readonly offDiagonal: readonly number[]
  /** ‖r‖. */
  readonly residualNorm: number
  readonly status: LanczosStatus
}

/**
 * What is left of a product is its rounding when it is this many ε of the product's own length: the Krylov space
 * has closed. Relative to that product, so that neither a scale nor an outlier found earlier hides a bulk.
 */
export const breakdownFactor = 16

/** How far a recurrence is, beside its basis. */
export interface LanczosProgress {
  readonly diagonal: readonly number[]
  readonly offDiagonal: readonly number[]
  readonly residualNorm: number
  readonly hasClosed: boolean
  /** Rows of the basis. */
  readonly rows: number
}

/** One Lanczos recurrence that is fed its products from outside, so that several can run in lockstep. */
export class LanczosProcess {
  readonly basis: KrylovBasis
  readonly diagonal: number[]
  readonly offDiagonal: number[]
  #residualNorm: number
  #hasClosed: boolean

  private constructor(basis: KrylovBasis, progress?: LanczosProgress) {
    this.basis = basis
    this.diagonal = [...(progress?.diagonal ?? [])]
    this.offDiagonal = [...(progress?.offDiagonal ?? [])]
    this.#residualNorm = progress?.residualNorm ?? 0
    this.#hasClosed = progress?.hasClosed ?? false
  }

  /**
   * Starts from a vector.
   *
   * @throws RangeError if `start` is zero.
   */
  static async create(space: VectorSpace, depth: number, start: Vector): Promise<LanczosProcess> {
    const basis = await KrylovBasis.create(space, depth)
    const { norm } = await basis.orthogonalize(start, 'the start vector')
    if (norm === 0) throw new RangeError('start must not be zero')
    await basis.push(start, norm)
    return new LanczosProcess(basis)
  }

  /** Goes on from {@link progress} and the rows of the basis, `[progress.rows, n]`: bit by bit as if never interrupted. */
  static async restore(
    space: VectorSpace,
    depth: number,
    progress: LanczosProgress,
    rows: Vector,
  ): Promise<LanczosProcess> {
    const basis = await KrylovBasis.create(space, depth)
    for (let i = 0; i < progress.rows; i += 1) {
      await basis.push(rows.subarray(i * space.size, (i + 1) * space.size), 1)
    }
    return new LanczosProcess(basis, progress)
  }

  get progress(): LanczosProgress {
    return {
      diagonal: [...this.diagonal],
      offDiagonal: [...this.offDiagonal],
      residualNorm: this.#residualNorm,
      hasClosed: this.#hasClosed,
      rows: this.basis.count,
    }
  }

  /** Whether the Krylov space closed: no further step is possible. */
  get hasClosed(): boolean {
    return this.#hasClosed
  }

  get residualNorm(): number {
    return this.#residualNorm
  }

  /** Copies the vector whose product comes next into `target`, `[n]`. */
  readCurrent(target: Vector): void {
    this.basis.readRow(this.diagonal.length, target)
  }

  /**
   * Takes A times that vector (overwritten) and moves one step on.
   *
   * @param stayInside - Takes out of a vector what lies outside of the space that the process is confined to. After the
   *   orthogonalization, as what is left may be short, and its rounding outside grows when it is made a unit vector.
   */
  async absorb(product: Vector, stayInside?: (w: Vector) => Promise<void>): Promise<void> {
    const step = this.diagonal.length
    const orthogonal = await this.basis.orthogonalize(
      product,
      `the operator's product at Lanczos step ${step + 1}`,
    )
    const { coefficients, lengthBefore } = orthogonal
    let { norm } = orthogonal
    if (stayInside !== undefined && norm > 0) {
      await stayInside(product)
      norm = await this.basis.space.norm(product)
    }
    const alpha = coefficients[step]!
    this.diagonal.push(alpha)
    this.#residualNorm = norm
    this.#hasClosed =
      norm <= breakdownFactor * this.basis.space.epsilon * lengthBefore ||
      this.diagonal.length === this.basis.space.size
    if (!this.#hasClosed && this.basis.count < this.basis.capacity) {
      this.offDiagonal.push(norm)
      await this.basis.push(product, norm)
    }
  }
}

/**
 * Tridiagonalizes a symmetric operator by Lanczos with full reorthogonalization.
 *
 * After k applications, A Qᵀ = Qᵀ T + r eₖᵀ, where T has `diagonal` and `offDiagonal`. The eigenvalues of
 * T (Ritz values) settle first at the ends of A's spectrum.
 *
 * Cost: k applications of A; k·n numbers held; O(k²·n) work for reorthogonalization.
 * Deterministic: equal `operator` and `start` give bit-equal results on one runtime build.
 *
 * @param operator - Symmetric, size n. Symmetry is trusted.
 * @param start - `[n]`, non-zero, any length; not changed.
 * @throws ShapeError if `start` is not `[n]`.
 * @throws RangeError if `start` is zero.
 * @throws InputError if `depth` is outside 1…n.
 * @throws NonFiniteError naming the step, if the operator returns NaN or ±∞.
 * @see Golub and Van Loan, Matrix Computations (2013), section 10.1
 *
 * @example
 * const A = denseOperator(Float64Array.of(2, 1, 1, 2))
 * const { diagonal, offDiagonal } = await lanczos(A, Float64Array.of(1, 0), { depth: 2 })
 * eigenTridiagonal(diagonal, offDiagonal).values // ≈ [1, 3]
 */
export async function lanczos(
  operator: LinearOperator,
  start: Vector,
  options: LanczosOptions,
): Promise<LanczosResult> {
  const { size, space } = operator
  const { depth, signal } = options
  if (start.length !== size) throw new ShapeError('start', `[${size}]`, [start.length])
  if (!Number.isInteger(depth) || depth < 1 || depth > size) {
    throw new InputError('depth', `depth must be in 1…${size}, got ${depth}`)
  }
  const process = await LanczosProcess.create(space, depth, start.slice())
  const [current, product] = [space.allocate(1), space.allocate(1)]
  try {
    while (process.diagonal.length < depth && !process.hasClosed) {
      throwIfStopped(signal)
      process.readCurrent(current)
      await operator.apply(current, 1, product)
      await process.absorb(product)
      options.onStep?.(process.diagonal.length)
    }
  } catch (error) {
    await process.basis.release()
    throw error
  }
  return {
    basis: process.basis,
    diagonal: process.diagonal,
    offDiagonal: process.offDiagonal,
    residualNorm: process.residualNorm,
    status: process.diagonal.length < depth ? 'invariant-subspace' : 'full-depth',
  }
}
