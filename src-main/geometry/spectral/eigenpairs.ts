import { InputError, throwIfStopped, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { describeResolution, describeShortfall } from './eigenpair-notes.ts'
import { KrylovBasis } from './krylov-basis.ts'
import { breakdownFactor } from './lanczos.ts'
import { measurePairs, type Eigenpair } from './measure-pairs.ts'
import { ritzTails, type RitzTails } from './ritz-tails.ts'
import { basisCapacity } from './solver-vectors.ts'
import { eigenSymmetric, type SymmetricEigen } from './tridiagonal.ts'

/** Settings of {@link extremeEigenpairs}. */
export interface EigenpairsOptions {
  /** Largest eigenvalues wanted. */
  readonly top: number
  /** Smallest eigenvalues wanted. */
  readonly bottom: number
  /**
   * Largest residual allowed, as a share of |λ| of the pair, or of 1 % of the largest |λ| where that is more:
   * a small eigenvalue at the edge of a bulk must be told from its neighbors, but 0 cannot be met relatively. Never less than 8 ε of the largest |λ|.
   */
  readonly tolerance: number
  /** Budget of applications. */
  readonly maxProducts: number
  readonly stream: RandomStream
  /** Basis rows held; default: as many as 1 GiB takes, within sense. */
  readonly maxBasis?: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** Extreme eigenpairs, or how far the budget went. */
export interface EigenpairsResult {
  /** Descending. */
  readonly top: readonly Eigenpair[]
  /** Ascending. */
  readonly bottom: readonly Eigenpair[]
  /** Unit eigenvectors `[top + bottom, n]`, in the order of `top` then `bottom`. */
  readonly vectors: Vector
  readonly status: 'converged' | 'not-converged'
  /** What the status means and what to try. */
  readonly note: string
  readonly products: number
  /** Largest basis used. */
  readonly depth: number
  /** max |QᵀQ − I| over the last basis. */
  readonly orthogonalityLoss: number
}

/** Share of the largest |λ| below which a residual is no longer judged against the pair's own value. */
const smallShare = 0.01

/** Rounding of a product, in units of ε·max |λ|: no residual can be asked to be smaller. */
const roundingUnits = 8

/** Residual, as a share of the wanted value next to it, below which the end of the rest's spectrum counts as settled. */
const settledShare = 1e-2

/** Ritz residuals must be this much better than asked for: true ones hold a little more. */
const safety = 0.5

/** Steps between two looks at the Ritz values, as a share of the depth: a look costs O(depth³). */
const lookShare = 0.1

/**
 * Finds the largest and smallest eigenvalues of a symmetric operator with their residuals.
 *
 * Lanczos with full reorthogonalization and thick restart. A Krylov space meets each eigenspace in one
 * direction only, so once all wanted pairs have converged they are locked and the search goes on from a
 * fresh random vector orthogonal to them, until nothing beyond the wanted ones can be hidden there; what
 * it finds is merged in. Multiple eigenvalues are therefore reported as often as they occur. The
 * search judges by residuals, so values closer together than the tolerance may rarely be taken for one
 * (about one search in 10,000 at a tolerance of 10⁻², in small bases). At the end every residual is computed by one more
 * application each, and `value` is the Rayleigh quotient: an error of order residual²/gap.
 *
 * Cost: as many applications as the gaps demand, `maxProducts` at most; `maxBasis`·n numbers held.
 * Deterministic for a given stream.
 *
 * @param operator - Symmetric, size n. Symmetry is trusted.
 * @param options.top - With `bottom`: 1 or more in all; if they exceed n, `bottom` is cut, then `top`.
 * @returns Status `not-converged` if the budget ended before residuals and the search for missed
 *   eigenvalues were done, or true residuals exceed what the search promised; the note says which, and
 *   what to try.
 * @throws InputError if nothing is wanted or the budget is too small to say anything.
 * @throws NonFiniteError naming the step, if a product is not finite.
 * @see Wu and Simon, Thick-restart Lanczos method for large symmetric eigenvalue problems (2000)
 */
export async function extremeEigenpairs(
  operator: LinearOperator,
  options: EigenpairsOptions,
): Promise<EigenpairsResult> {
  const top = Math.min(options.top, operator.size)
  const bottom = Math.min(options.bottom, operator.size - top)
  const wanted = top + bottom
  if (wanted < 1) throw new InputError('top', 'top + bottom must be 1 or more, got 0')
  if (options.maxProducts < 2 * wanted) {
    throw new InputError(
      'maxProducts',
      `maxProducts must be ${2 * wanted} or more for ${wanted} eigenpairs, got ${options.maxProducts}`,
    )
  }
  const { size, space } = operator
  const capacity = basisCapacity({
    size,
    epsilon: space.epsilon,
    wanted,
    maxBasis: options.maxBasis,
  })
  const basis = await KrylovBasis.create(space, capacity)
  try {
    return await new Search(operator, options, top, bottom, basis).run()
  } finally {
    await basis.release()
  }
}

/** The state of one search: A Qᵀ = Qᵀ T + r e_lastᵀ with a small dense T. */
class Search {
  readonly #operator: LinearOperator
  readonly #options: EigenpairsOptions
  readonly #top: number
  readonly #bottom: number
  readonly #basis: KrylovBasis
  readonly #current: Vector
  readonly #product: Vector
  /** T, symmetric, `[count, count]`. */
  #projected: number[][] = []
  /** ‖r‖: coupling of the last basis vector to the next one. */
  #coupling = 0
  /** Leading basis vectors that are locked eigenvectors. */
  #locked = 0
  /** Their values when they were chosen. */
  #lockedValues: readonly number[] = []
  /** Whether a restart moved found vectors among the locked ones since the last fresh start. */
  #isStale = false
  #products = 0
  #depth = 0
  #restarts = 0

  constructor(
    operator: LinearOperator,
    options: EigenpairsOptions,
    top: number,
    bottom: number,
    basis: KrylovBasis,
  ) {
    this.#operator = operator
    this.#options = options
    this.#top = top
    this.#bottom = bottom
    this.#basis = basis
    this.#current = operator.space.allocate(1)
    this.#product = operator.space.allocate(1)
  }

  async run(): Promise<EigenpairsResult> {
    const wanted = this.#top + this.#bottom
    const budget = this.#options.maxProducts - wanted
    await this.#basis.pushRandom(this.#options.stream.fork('start', 0))
    let round = 0
    let outcome: 'complete' | 'unchecked' | 'unconverged' = 'unconverged'
    let nextLook = Math.min(this.#basis.capacity, wanted + 2)
    while (this.#products < budget) {
      await this.#step()
      const isFull =
        this.#basis.count === this.#operator.size && this.#projected.length === this.#basis.count
      const count = this.#projected.length
      if (count < nextLook && !isFull && count < this.#basis.capacity) continue
      nextLook = count + Math.max(1, Math.floor(lookShare * count))
      if (isFull) {
        outcome = 'complete'
        break
      }
      const ritz = ritzTails(this.#projected)
      const hasConverged = this.#hasConverged(ritz)
      // What was found since the last fresh start may have further copies, which only another one shows.
      const isStale = this.#locked === 0 || this.#isStale || this.#hasNewWanted(ritz)
      if (hasConverged && !isStale && this.#isNothingHidden(ritz)) {
        outcome = 'complete'
        break
      }
      if (hasConverged && isStale) {
        outcome = 'unchecked'
        round += 1
        await this.#lock(eigenSymmetric(this.#projected), round)
        nextLook = this.#projected.length + 3
      } else if (count === this.#basis.capacity) {
        await this.#restart(eigenSymmetric(this.#projected))
        nextLook = this.#projected.length + 3
      }
      if (!hasConverged) outcome = 'unconverged'
    }
    return this.#finish(outcome)
  }

  /** One application: the newest basis vector's column of T, and the next basis vector. */
  async #step(): Promise<void> {
    throwIfStopped(this.#options.signal)
    const last = this.#projected.length
    this.#basis.readRow(last, this.#current)
    await this.#operator.apply(this.#current, 1, this.#product)
    this.#products += 1
    const { coefficients, norm, lengthBefore } = await this.#basis.orthogonalize(
      this.#product,
      `the operator's product ${this.#products}`,
    )
    coefficients.slice(0, last).forEach((value, i) => this.#projected[i]!.push(value))
    this.#projected.push([...coefficients])
    this.#coupling = norm
    this.#depth = Math.max(this.#depth, this.#projected.length)
    this.#options.onProgress?.(this.#products)
    const hasClosed = norm <= breakdownFactor * this.#basis.space.epsilon * lengthBefore
    if (this.#basis.count < this.#basis.capacity) {
      if (!hasClosed) {
        await this.#basis.push(this.#product, norm)
        return
      }
      // The space closed: go on in the rest from a random direction, uncoupled to it.
      this.#coupling = 0
      if (this.#basis.count < this.#operator.size) {
        await this.#basis.pushRandom(this.#options.stream.fork('closed', this.#products))
      }
    } else if (hasClosed) {
      this.#coupling = 0
    }
  }

  #scale(values: ArrayLike<number>): number {
    return Math.max(Math.abs(values[0]!), Math.abs(values[values.length - 1]!))
  }

  /** Indices of the wanted Ritz values in ascending order: top descending, then bottom ascending. */
  #wantedIndices(count: number): number[] {
    const tops = Array.from({ length: Math.min(this.#top, count) }, (_, i) => count - 1 - i)
    const bottoms = Array.from({ length: this.#bottom }, (_, i) => i)
    return [...tops, ...bottoms.filter((i) => i < count - tops.length)]
  }

  /** Ritz residual |r|·|last entry|. */
  #ritzResidual(ritz: RitzTails, index: number): number {
    return this.#coupling * ritz.lastEntries[index]!
  }

  /** Residual allowed for a value. */
  #limit(value: number, scale: number): number {
    const wanted = this.#options.tolerance * Math.max(Math.abs(value), smallShare * scale)
    return Math.max(wanted, roundingUnits * this.#basis.space.epsilon * scale)
  }

  #hasConverged(ritz: RitzTails): boolean {
    const count = ritz.values.length
    const wanted = this.#wantedIndices(count)
    if (wanted.length < this.#top + this.#bottom) return false
    const scale = this.#scale(ritz.values)
    return wanted.every(
      (index) =>
        this.#ritzResidual(ritz, index) <= safety * this.#limit(ritz.values[index]!, scale),
    )
  }

  /** The part of the search since the last lock, as a spectrum of its own. */
  #freshRitz(): RitzTails {
    return ritzTails(this.#projected.slice(this.#locked).map((row) => row.slice(this.#locked)))
  }

  /** Whether the space orthogonal to the locked vectors shows nothing beyond the wanted values. */
  #isNothingHidden(ritz: RitzTails): boolean {
    const fresh = this.#freshRitz()
    const count = fresh.values.length
    const scale = this.#scale(ritz.values)
    const all = ritz.values.length
    const isInside = (index: number, sign: 1 | -1, edge: number): boolean => {
      const residual = this.#ritzResidual(fresh, index)
      const value = sign * fresh.values[index]!
      const margin = this.#limit(edge, scale)
      // A Ritz value that still moves says little about what lies beyond it.
      if (residual > Math.max(margin, settledShare * Math.abs(edge))) return false
      return (
        value + residual <= sign * edge || (residual <= margin && value <= sign * edge + margin)
      )
    }
    const lowestTop = ritz.values[all - this.#top]
    const highestBottom = ritz.values[this.#bottom - 1]
    return (
      (this.#top === 0 || isInside(count - 1, 1, lowestTop!)) &&
      (this.#bottom === 0 || isInside(0, -1, highestBottom!))
    )
  }

  /** Whether the wanted values are others than when the locked vectors were chosen. */
  #hasNewWanted(ritz: Pick<RitzTails, 'values'>): boolean {
    const scale = this.#scale(ritz.values)
    return this.#wantedIndices(ritz.values.length).some((index, i) => {
      const value = ritz.values[index]!
      return Math.abs(value - this.#lockedValues[i]!) > this.#limit(value, scale)
    })
  }

  /** Keeps the wanted Ritz vectors alone and starts afresh orthogonally to them. */
  async #lock(ritz: SymmetricEigen, round: number): Promise<void> {
    const kept = this.#wantedIndices(ritz.values.length)
    await this.#keep(ritz, kept)
    this.#locked = kept.length
    this.#lockedValues = kept.map((index) => ritz.values[index]!)
    this.#isStale = false
    this.#coupling = 0
    if (this.#basis.count < this.#operator.size) {
      await this.#basis.pushRandom(this.#options.stream.fork('start', round))
    }
  }

  /** Thick restart: the wanted Ritz vectors first, some beside them, and the residual. */
  async #restart(ritz: SymmetricEigen): Promise<void> {
    this.#restarts += 1
    const count = ritz.values.length
    const spare = Math.max(2, Math.floor((this.#basis.capacity - this.#locked) / 4))
    const wanted = this.#wantedIndices(count)
    const kept = new Set(wanted)
    if (this.#top > 0) for (let i = 0; i < spare; i += 1) kept.add(count - 1 - this.#top - i)
    if (this.#bottom > 0) for (let i = 0; i < spare; i += 1) kept.add(this.#bottom + i)
    // Room for the residual and one step at least.
    const indices = [...kept]
      .filter((index) => index >= 0 && index < count)
      .slice(0, this.#basis.capacity - 2)
    this.#isStale ||= this.#locked > 0 && this.#hasNewWanted(ritz)
    const residual = this.#product.slice()
    const coupling = this.#coupling
    await this.#keep(ritz, indices)
    // What was locked stays so: the search in the rest goes on where it was.
    this.#locked = this.#locked > 0 ? wanted.length : 0
    this.#lockedValues = wanted.map((index) => ritz.values[index]!)
    if (coupling > 0) await this.#basis.push(residual, coupling)
    else await this.#basis.pushRandom(this.#options.stream.fork('restart', this.#restarts))
  }

  async #keep(ritz: SymmetricEigen, indices: readonly number[]): Promise<void> {
    const width = ritz.values.length
    const coefficients = new Float64Array(indices.length * width)
    indices.forEach((index, row) => {
      coefficients.set(ritz.vectors[index]!, row * width)
    })
    // A vector pushed ahead of its product is not part of T; it is dropped here.
    this.#basis.truncate(width)
    await this.#basis.recombine(coefficients, indices.length)
    this.#projected = indices.map((index, row) =>
      indices.map((_, column) => (row === column ? ritz.values[index]! : 0)),
    )
  }

  async #finish(outcome: 'complete' | 'unchecked' | 'unconverged'): Promise<EigenpairsResult> {
    throwIfStopped(this.#options.signal)
    const ritz = eigenSymmetric(this.#projected)
    const indices = this.#wantedIndices(ritz.values.length)
    this.#basis.truncate(ritz.values.length)
    const orthogonalityLoss = await this.#basis.orthogonalityLoss()
    await this.#keep(ritz, indices)
    const rows = indices.length
    const found = this.#basis.readRows(rows)
    // Room for the products of the end.
    await this.#basis.release()
    const { pairs, vectors } = await measurePairs(this.#operator, found, rows, {
      top: this.#top,
      before: this.#products,
    })
    this.#products += rows
    this.#options.onProgress?.(this.#products)
    const scale = this.#scale(ritz.values)
    const late = pairs.filter(({ value, residual }) => residual > this.#limit(value, scale)).length
    const worst = pairs.reduce((a, { residual }) => Math.max(a, residual), 0)
    const isDone = outcome === 'complete' && late === 0
    return {
      top: pairs.slice(0, this.#top),
      bottom: pairs.slice(this.#top),
      vectors,
      status: isDone ? 'converged' : 'not-converged',
      note: [
        isDone
          ? ''
          : describeShortfall({
              late,
              wanted: rows,
              worst: worst / scale,
              products: this.#products,
              hasBudgetLeft: outcome === 'complete',
            }),
        describeResolution(pairs),
      ]
        .filter((text) => text !== '')
        .join(' '),
      products: this.#products,
      depth: this.#depth,
      orthogonalityLoss,
    }
  }
}
