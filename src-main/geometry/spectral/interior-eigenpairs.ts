import { InputError, type RandomStream } from '#base'
import type { LinearOperator, RowStore, Vector } from '#geometry/operators'
import {
  applyFilter,
  deltaFilter,
  filterValue,
  peakInterval,
  type DeltaFilter,
} from './chebyshev-filter.ts'
import { enclosingInterval, widenInterval, type EnclosingInterval } from './chebyshev-interval.ts'
import { chebyshevMoments, meanMoments } from './chebyshev-moments.ts'
import type { SpectralInterval } from './chebyshev-recurrence.ts'
import { BlockBasis } from './interior-basis.ts'
import {
  chooseNearest,
  resolveCandidates,
  type Candidates,
  type Choice,
} from './interior-candidates.ts'
import { clusterShare, degreeFromDensity, finerDegree, leastDegree } from './interior-degree.ts'
import { describeInterior } from './interior-notes.ts'
import type { Eigenpair } from './measure-pairs.ts'
import type { SolverVectors } from './solver-vectors.ts'
import type { SymmetricEigen } from './tridiagonal.ts'

/** Settings of {@link interiorEigenpairs}. */
export interface InteriorOptions {
  /** Where eigenvalues are wanted; default 0. One outside of the spectrum gives the end of it. */
  readonly target?: number
  /** Eigenvalues wanted, 1 or more; all n if there are fewer. */
  readonly count: number
  /** Largest residual allowed, as a share of the largest |λ|; never less than 8 ε of it. */
  readonly tolerance: number
  /** Budget of applications. */
  readonly maxProducts: number
  readonly stream: RandomStream
  /** Basis rows held; default: six blocks. */
  readonly maxBasis?: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** Eigenpairs next to a target, or how far the budget went. */
export interface InteriorResult {
  /** By their distance to the target, ascending. */
  readonly pairs: readonly Eigenpair[]
  /** Unit eigenvectors `[count, n]`, in the order of `pairs`. */
  readonly vectors: Vector
  readonly status: 'converged' | 'not-converged'
  /** What the status means, whether "the nearest" is unique, and what to try; may be empty. */
  readonly note: string
  /** Eigenvalues shown to be as near as those reported, to within the tolerance: more than `count` if the nearest are not unique. */
  readonly within: number
  readonly products: number
  /** Degree of the last filter; 0 if the whole space was small enough to be taken. */
  readonly degree: number
  /** Holds the spectrum. */
  readonly interval: SpectralInterval
  /** max |QᵀQ − I| over the last basis. */
  readonly orthogonalityLoss: number
}

/** Rounding of a product, in units of ε·max |λ|: no residual can be asked to be smaller. */
const roundingUnits = 8

/** Chebyshev steps of the look at the density that sets the first degree, and its share of the budget at most. */
const densitySteps = 50
const densityShare = 0.1

/** Blocks of a basis. */
const basisBlocks = 6

/** A space of no more dimensions or blocks than this is taken as a whole: n products are fewer than a filter's. */
const wholeSize = 200
const wholeBlocks = 3

const isWholeTaken = (size: number, rows: number): boolean =>
  size <= Math.max(wholeSize, wholeBlocks * rows)

/** Passes of a block at one degree before its Ritz values judge the degree. */
const judgedAfter = 3

/** Passes that the budget must leave room for at a degree. */
const affordedPasses = 6

/** A filter passes too little if it weighs a wanted vector by less than this. */
const faintValue = 1e-3

/** Candidates are at least of this share of the weight of the last one wanted. */
const keptShare = 0.25

/** Rows of a block: some more than are wanted, as the last ones converge slowly, and full groups. */
function blockRowsOf(size: number, count: number, preferredRows: number): number {
  const rows = count + Math.max(4, Math.ceil(count / 4))
  return Math.min(size, Math.ceil(rows / preferredRows) * preferredRows)
}

const capacityOf = (size: number, rows: number, maxBasis: number | undefined): number =>
  isWholeTaken(size, rows)
    ? size
    : Math.min(size, Math.max(maxBasis ?? basisBlocks * rows, 4 * rows))

/** What `interiorEigenpairs` holds: a basis, a block, a group's recurrence, candidates with their products and rotated, and the answer. */
export function interiorVectors(options: {
  readonly size: number
  readonly count: number
  /** Rows of a product. */
  readonly rows: number
  readonly maxBasis?: number | undefined
}): SolverVectors {
  const { size } = options
  const rows = blockRowsOf(size, Math.min(options.count, size), options.rows)
  return {
    basis: capacityOf(size, rows, options.maxBasis),
    others: isWholeTaken(size, rows) ? 4 * size : 8 * rows + 3 * options.rows,
  }
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
 * applications. Deterministic for a given stream; scales with the
 * operator.
 *
 * @param operator - Symmetric, size n. Symmetry is trusted.
 * @returns Status `not-converged` if the budget ended first; the note says how crowded it is at the target.
 * @throws InputError if `count`, `target` or the budget make no sense.
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
  const rows = blockRowsOf(size, count, preferredRows)
  const isSmall = isWholeTaken(size, rows)
  const least = 24 + (isSmall ? size : 8 * preferredRows + 10 * rows)
  if (!(options.maxProducts >= least)) {
    throw new InputError(
      'maxProducts',
      `maxProducts must be ${least} or more for ${count} eigenpairs, got ${options.maxProducts}`,
    )
  }
  const { stream, signal } = options
  const enclosing = await enclosingInterval(operator, { stream, signal })
  const store = await space.createRows(capacityOf(size, rows, options.maxBasis))
  try {
    const settings = { ...options, target, count, rows }
    const search = new Search(operator, settings, store, enclosing)
    return await (isSmall ? search.takeWhole() : search.run())
  } finally {
    await store.release()
  }
}

/** Candidates, those chosen of them, and whether a nearer eigenvalue may be missing. */
interface Look extends Choice {
  readonly candidates: Candidates
  readonly isComplete: boolean
}

/** The state of one search. */
class Search {
  readonly #operator: LinearOperator
  readonly #options: InteriorOptions & { readonly target: number; readonly rows: number }
  readonly #basis: BlockBasis
  readonly #limit: number
  #capacity: number
  #interval: SpectralInterval
  #filter: DeltaFilter
  #products: number
  /** Estimated number of eigenvalues that the filter lets through. */
  #passed = 0

  constructor(
    operator: LinearOperator,
    options: InteriorOptions & { readonly target: number; readonly rows: number },
    store: RowStore,
    { low, high, scale, products }: EnclosingInterval,
  ) {
    this.#operator = operator
    this.#options = options
    this.#basis = new BlockBasis(operator.space, store, options.rows, options.stream)
    this.#capacity = store.capacity
    this.#limit = Math.max(options.tolerance, roundingUnits * operator.space.epsilon) * scale
    this.#interval = { low, high }
    this.#filter = deltaFilter(this.#interval, options.target, leastDegree)
    this.#products = products
  }

  /** The whole space as its own basis. */
  async takeWhole(): Promise<InteriorResult> {
    await this.#basis.takeWhole()
    return this.#finish(await this.#look(this.#basis.eigen(), this.#operator.size), 0)
  }

  async run(): Promise<InteriorResult> {
    const { rows, count, maxProducts } = this.#options
    await this.#estimateDegree()
    await this.#basis.start()
    let passes = 0
    // Residual of p(A), as a share of its value, at which a look at A is worth its products.
    let trigger = Infinity
    while (this.#products + this.#basis.rows * this.#filter.degree + 2 * rows <= maxProducts) {
      if (!(await this.#pass())) {
        this.#interval = widenInterval(this.#interval, 0.1)
        this.#setDegree(this.#filter.degree)
        await this.#basis.start()
        passes = 0
        continue
      }
      passes += 1
      if (passes === 1) {
        if (this.#hasFinerDegree()) {
          await this.#basis.start()
          passes = 0
        }
        const { low, high } = peakInterval(this.#interval, this.#filter.angle, this.#filter.degree)
        trigger = this.#limit / (high - low)
        continue
      }
      const ritz = this.#basis.eigen()
      const { isWhole } = this.#basis
      const share = this.#worstShare(ritz)
      if (isWhole || share <= trigger) {
        const look = await this.#look(ritz, isWhole ? this.#basis.held : this.#width(ritz))
        if (isWhole || (look.isComplete && look.settled === count)) {
          return this.#finish(look, this.#filter.degree)
        }
        trigger = share / 2
      }
      const degree = passes >= judgedAfter ? this.#betterDegree(ritz) : this.#filter.degree
      if (degree !== this.#filter.degree) {
        this.#setDegree(degree)
        await this.#basis.restart(ritz, Math.min(rows, this.#basis.held))
        passes = 0
      } else if (!this.#basis.hasRoom) {
        await this.#basis.shrink(ritz, Math.min(2 * rows, this.#capacity - 2 * rows))
      }
    }
    const isFiltered = this.#basis.held > 0
    if (!isFiltered) await this.#basis.appendPlain()
    const ritz = this.#basis.eigen()
    const look = await this.#look(ritz, this.#width(ritz))
    return this.#finish({ ...look, isComplete: isFiltered && look.isComplete }, this.#filter.degree)
  }

  #setDegree(degree: number): void {
    this.#filter = deltaFilter(this.#interval, this.#options.target, degree)
  }

  /** Filters the block of the basis. False if the interval is too small. */
  async #pass(): Promise<boolean> {
    const { block, rows } = this.#basis
    await this.#basis.append()
    const { isBounded, products } = await applyFilter(this.#operator, this.#filter, block, rows, {
      before: this.#products,
      signal: this.#options.signal,
      onProgress: this.#options.onProgress,
    })
    this.#products += products
    if (isBounded) await this.#basis.absorb()
    return isBounded
  }

  /** Sets a degree whose peak holds about a block of eigenvalues, by a look at the density. */
  async #estimateDegree(): Promise<void> {
    const { size, preferredRows } = this.#operator
    const { maxProducts, target, rows, stream, signal } = this.#options
    const affordable = Math.floor((densityShare * maxProducts) / preferredRows)
    const before = this.#products
    const density = await chebyshevMoments(this.#operator, {
      probes: preferredRows,
      steps: Math.max(8, Math.min(densitySteps, affordable)),
      stream: stream.fork('density'),
      guess: this.#interval,
      signal,
      onProgress: (products) => this.#options.onProgress?.(before + products),
    })
    this.#products += density.products
    this.#interval = density.interval
    const { degree, passed } = degreeFromDensity(meanMoments(density), this.#interval, {
      target,
      size,
      goal: rows,
    })
    this.#passed = passed
    this.#setDegree(this.#affordable(degree))
  }

  /** The degree, or what the budget has left for some passes. */
  #affordable(degree: number): number {
    const { maxProducts, rows } = this.#options
    const left = maxProducts - this.#products - 2 * rows
    return Math.max(leastDegree, Math.min(degree, Math.floor(left / (affordedPasses * rows))))
  }

  /**
   * Counts what the filter let through of a random block: n times the mean of xᵀp(A)x is Σ p(λ). Where it is too much, and
   * the filter let less through than a coarser one, takes a finer one yet.
   */
  #hasFinerDegree(): boolean {
    const mean = this.#basis.randomMean
    if (mean === null) return false
    const before = this.#passed
    this.#passed = this.#operator.size * mean
    const { degree } = this.#filter
    const finer = this.#affordable(finerDegree(degree, this.#passed, this.#options.rows))
    if (this.#passed > clusterShare * before || finer < 1.5 * degree) return false
    this.#setDegree(finer)
    return true
  }

  /** A degree that suits what passed the filter, or the present one. */
  #betterDegree(ritz: SymmetricEigen): number {
    const { degree, angle } = this.#filter
    const { rows, count } = this.#options
    const passed = ritz.values.filter((value) => value > 0.5).length
    if (passed > 2 * rows) {
      this.#passed = Math.max(this.#passed, passed)
      const finer = this.#affordable(2 * degree)
      // Of no use beyond what the tolerance tells apart, or where the budget forbids it.
      const { low, high } = peakInterval(this.#interval, angle, degree)
      return high - low > this.#limit && finer > 1.5 * degree ? finer : degree
    }
    const isFaint = ritz.values[count - 1]! < faintValue
    return isFaint ? Math.max(leastDegree, Math.floor(degree / 2)) : degree
  }

  /** Largest residual of p(A) over the wanted Ritz vectors, as a share of their values. */
  #worstShare(ritz: SymmetricEigen): number {
    let worst = 0
    for (let i = 0; i < this.#options.count; i += 1) {
      worst = Math.max(worst, this.#basis.ritzResidual(ritz, i) / Math.abs(ritz.values[i]!))
    }
    return worst
  }

  /** Candidates: a block of Ritz vectors, and up to another of nearly the same weight. */
  #width(ritz: SymmetricEigen): number {
    const { rows, count } = this.#options
    const least = keptShare * ritz.values[count - 1]!
    const heavy = ritz.values.filter((value) => value >= least).length
    return Math.min(ritz.values.length, 2 * rows, Math.max(rows, heavy))
  }

  /** Resolves the first Ritz vectors by A. */
  async #look(ritz: SymmetricEigen, width: number): Promise<Look> {
    const { target, count, signal } = this.#options
    const candidates = await resolveCandidates(
      this.#operator,
      await this.#basis.ritzVectors(ritz, width),
      ritz.values,
      { before: this.#products, signal },
    )
    this.#products += width
    this.#options.onProgress?.(this.#products)
    const choice = chooseNearest(candidates, { target, count, limit: this.#limit })
    return {
      ...choice,
      candidates,
      isComplete: this.#isComplete(ritz, choice.distance, candidates),
    }
  }

  /** Whether each Ritz value of p(A) that may stand for a nearer eigenvalue is accounted for. */
  #isComplete(ritz: SymmetricEigen, distance: number, { pairs, weights }: Candidates): boolean {
    const nearer = distance - this.#limit
    if (nearer <= 0 || this.#basis.isWhole) return true
    // Not at the ends alone: far from the target, p has zeros between its ripples.
    const points = 33
    const least = Array.from({ length: points }, (_, i) =>
      filterValue(this.#filter, this.#options.target + nearer * ((2 * i) / (points - 1) - 1)),
    )
    const rounding = this.#filter.degree * this.#operator.space.epsilon
    const threshold = Math.min(...least) + rounding
    const suspects = ritz.values.filter(
      (value, i) => value + this.#basis.ritzResidual(ritz, i) > threshold,
    ).length
    // An eigenpair that is known hides no other, wherever it lies.
    const known = pairs.filter(
      ({ residual }, i) => residual <= this.#limit && weights[i]! > threshold - 2 * rounding,
    ).length
    return suspects <= known
  }

  async #finish(look: Look, degree: number): Promise<InteriorResult> {
    const { size, space } = this.#operator
    const { count, target, rows } = this.#options
    const { candidates, indices, settled, isComplete, distance, within } = look
    const vectors = space.allocate(count)
    indices.forEach((from, to) => {
      vectors.set(candidates.vectors.subarray(from * size, (from + 1) * size), to * size)
    })
    return {
      pairs: indices.map((i) => candidates.pairs[i]!),
      vectors,
      status: isComplete && settled === count ? 'converged' : 'not-converged',
      note: describeInterior({
        count,
        target,
        settled,
        limit: this.#limit,
        isComplete,
        distance,
        within,
        products: this.#products,
        degree,
        passed: this.#passed,
        worst: indices.reduce((most, i) => Math.max(most, candidates.pairs[i]!.residual), 0),
        separating: affordedPasses * degree * Math.max(rows, this.#passed),
      }),
      within,
      products: this.#products,
      degree,
      interval: this.#interval,
      orthogonalityLoss: await this.#basis.orthogonalityLoss(),
    }
  }
}
