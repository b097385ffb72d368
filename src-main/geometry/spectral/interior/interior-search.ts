import type { RandomStream } from '#base'
import type { LinearOperator, RowStore, Vector } from '#geometry/operators'
import {
  deltaFilter,
  FilterPass,
  filterValue,
  peakInterval,
  type DeltaFilter,
  type FilterProgress,
} from './chebyshev-filter.ts'
import { widenInterval, type EnclosingInterval } from '../chebyshev/chebyshev-interval.ts'
import { chebyshevMoments, meanMoments } from '../chebyshev/chebyshev-moments.ts'
import type { SpectralInterval } from '../chebyshev/chebyshev-recurrence.ts'
import { BlockBasis, type BlockBasisState } from './interior-basis.ts'
import {
  chooseNearest,
  resolveCandidates,
  type Candidates,
  type Choice,
} from './interior-candidates.ts'
import { clusterShare, degreeFromDensity, finerDegree, leastDegree } from './interior-degree.ts'
import { describeInterior } from './interior-notes.ts'
import type { Eigenpair } from '../krylov/measure-pairs.ts'
import {
  StateSaver,
  type ResumeOptions,
  type SolverState,
  type StateOrigin,
} from '../solver-state.ts'
import type { SymmetricEigen } from '../krylov/tridiagonal.ts'

/** Settings of `interiorEigenpairs`. */
export interface InteriorOptions extends ResumeOptions {
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

/** Passes of a block at one degree before its Ritz values judge the degree. */
const judgedAfter = 3

/** Passes that the budget must leave room for at a degree. */
const affordedPasses = 6

/** A filter passes too little if it weighs a wanted vector by less than this. */
const faintValue = 1e-3

/** Candidates are at least of this share of the weight of the last one wanted. */
const keptShare = 0.25

/** Candidates, those chosen of them, and whether a nearer eigenvalue may be missing. */
interface Look extends Choice {
  readonly candidates: Candidates
  readonly isComplete: boolean
}

/** All of a search but its vectors. */
export interface InteriorHeader {
  readonly of: StateOrigin
  readonly blockRows: number
  readonly enclosing: EnclosingInterval
  readonly interval: SpectralInterval
  readonly degree: number
  readonly products: number
  readonly passed: number
  readonly passes: number
  /** Null: none yet. */
  readonly trigger: number | null
  readonly isFiltered: boolean
  readonly basis: BlockBasisState
  /** Null between passes. */
  readonly filtering: FilterProgress | null
}

/** A search for interior eigenpairs: its state, and how it goes on from one. */
export class InteriorSearch {
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
  /** Passes of a block at the present degree. */
  #passes = 0
  /** Residual of p(A), as a share of its value, at which a look at A is worth its products. */
  #trigger = Infinity
  /** The pass at hand. */
  #filtering: FilterPass | null = null
  /** Whether a block was filtered and what follows from it was not drawn yet. */
  #isFiltered = false
  readonly #of: StateOrigin
  readonly #enclosing: EnclosingInterval

  constructor(
    operator: LinearOperator,
    options: InteriorOptions & { readonly target: number; readonly rows: number },
    store: RowStore,
    enclosing: EnclosingInterval,
    of: StateOrigin,
  ) {
    const { low, high, scale, products } = enclosing
    this.#enclosing = enclosing
    this.#of = of
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
    const { saved, onState } = this.#options
    if (saved === undefined) {
      await this.#estimateDegree()
      await this.#basis.start()
    } else {
      await this.#resume(saved)
    }
    const saver = new StateSaver(onState, () => this.#state())
    return saver.run(() => this.#iterate(() => saver.pause()))
  }

  async #iterate(pause: () => Promise<void>): Promise<InteriorResult> {
    while (this.#isFiltered || this.#filtering !== null || this.#hasBudget()) {
      if (!this.#isFiltered) await this.#pass(pause)
      if (!this.#isFiltered) continue
      const look = await this.#judge()
      if (look !== null) return this.#finish(look, this.#filter.degree)
    }
    if (this.#basis.held === 0) await this.#basis.appendPlain()
    const ritz = this.#basis.eigen()
    const look = await this.#look(ritz, this.#width(ritz))
    const isComplete = !this.#basis.isPlain && look.isComplete
    return this.#finish({ ...look, isComplete }, this.#filter.degree)
  }

  /** Whether a pass and a look are left. */
  #hasBudget(): boolean {
    const { rows, maxProducts } = this.#options
    return this.#products + this.#basis.rows * this.#filter.degree + 2 * rows <= maxProducts
  }

  /** Draws the consequences of a pass; gives a look that ends the search. Where it is stopped, it was not begun. */
  async #judge(): Promise<Look | null> {
    const { rows, count } = this.#options
    if (this.#passes === 1) {
      if (this.#hasFinerDegree()) {
        await this.#basis.start()
        this.#passes = 0
      }
      const { low, high } = peakInterval(this.#interval, this.#filter.angle, this.#filter.degree)
      this.#trigger = this.#limit / (high - low)
      this.#isFiltered = false
      return null
    }
    const ritz = this.#basis.eigen()
    const { isWhole } = this.#basis
    const share = this.#worstShare(ritz)
    if (isWhole || share <= this.#trigger) {
      const look = await this.#look(ritz, isWhole ? this.#basis.held : this.#width(ritz))
      if (isWhole || (look.isComplete && look.settled === count)) return look
      this.#trigger = share / 2
    }
    const degree = this.#passes >= judgedAfter ? this.#betterDegree(ritz) : this.#filter.degree
    if (degree !== this.#filter.degree) {
      this.#setDegree(degree)
      await this.#basis.restart(ritz, Math.min(rows, this.#basis.held))
      this.#passes = 0
    } else if (!this.#basis.hasRoom) {
      await this.#basis.shrink(ritz, Math.min(2 * rows, this.#capacity - 2 * rows))
    }
    this.#isFiltered = false
    return null
  }

  #state(): SolverState {
    const basis = this.#basis.state
    const basisRows = basis.stored + basis.rows
    const rows = basisRows + (this.#filtering?.groupRows ?? 0)
    const vectors = this.#operator.space.allocate(rows)
    this.#basis.read(vectors)
    this.#filtering?.readGroup(vectors.subarray(basisRows * this.#operator.size))
    const header: InteriorHeader = {
      of: this.#of,
      blockRows: this.#options.rows,
      enclosing: this.#enclosing,
      interval: this.#interval,
      degree: this.#filter.degree,
      products: this.#products,
      passed: this.#passed,
      passes: this.#passes,
      trigger: Number.isFinite(this.#trigger) ? this.#trigger : null,
      isFiltered: this.#isFiltered,
      basis,
      filtering: this.#filtering?.progress ?? null,
    }
    return { header, rows, vectors }
  }

  async #resume({ header, vectors }: SolverState): Promise<void> {
    const saved = header as InteriorHeader
    this.#interval = saved.interval
    this.#setDegree(saved.degree)
    this.#products = saved.products
    this.#passed = saved.passed
    this.#passes = saved.passes
    this.#trigger = saved.trigger ?? Infinity
    this.#isFiltered = saved.isFiltered
    await this.#basis.restore(saved.basis, vectors)
    if (saved.filtering === null) return
    const { block, rows } = this.#basis
    const from = (saved.basis.stored + rows) * this.#operator.size
    this.#filtering = new FilterPass(this.#operator, this.#filter, block, rows)
    this.#filtering.restore(saved.filtering, vectors.subarray(from))
  }

  #setDegree(degree: number): void {
    this.#filter = deltaFilter(this.#interval, this.#options.target, degree)
  }

  /** Filters the block of the basis; where the interval proves too small, begins anew on a larger one. */
  async #pass(pause: () => Promise<void>): Promise<void> {
    if (this.#filtering === null) {
      await this.#basis.append()
      const { block, rows } = this.#basis
      this.#filtering = new FilterPass(this.#operator, this.#filter, block, rows)
    }
    const { signal, onProgress } = this.#options
    const isBounded = await this.#filtering.run({
      before: this.#products,
      pause,
      signal,
      onProgress,
    })
    this.#products += this.#filtering.products
    this.#filtering = null
    if (isBounded) {
      await this.#basis.absorb()
      this.#passes += 1
      this.#isFiltered = true
      return
    }
    this.#interval = widenInterval(this.#interval, 0.1)
    this.#setDegree(this.#filter.degree)
    await this.#basis.start()
    this.#passes = 0
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
    // Far from the target, p has zeros between its ripples, where an eigenvalue would not be seen at all.
    const points = 33 + 2 * this.#filter.degree
    const heights = Array.from({ length: points }, (_, i) =>
      filterValue(this.#filter, this.#options.target + nearer * ((2 * i) / (points - 1) - 1)),
    )
    const least = Math.min(heights[0]!, heights.at(-1)!)
    if (heights.some((height) => height < least)) return false
    const rounding = this.#filter.degree * this.#operator.space.epsilon
    const threshold = least + rounding
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
