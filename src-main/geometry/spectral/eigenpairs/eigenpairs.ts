import { InputError, monotonicMs, throwIfStopped, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { BlockLanczos } from '../krylov/block-lanczos.ts'
import { BlockSize } from './block-size.ts'
import { EigenpairGoal, scaleOf, type RelativeTo, type RitzValues } from './eigenpair-goal.ts'
import { describeFloor, describeResolution, describeShortfall } from './eigenpair-notes.ts'
import { checkState, type EigenpairsState, type SearchOutcome } from './eigenpairs-state.ts'
import { RecurrenceResiduals } from './recurrence-residuals.ts'
import { KrylovBasis } from '../krylov/krylov-basis.ts'
import { measurePairs, type Eigenpair, type MeasuredPairs } from '../krylov/measure-pairs.ts'
import { ritzResiduals } from '../krylov/ritz-residuals.ts'
import { basisCapacity, largestBlock } from '../solver-vectors.ts'
import { drawStarts } from '../krylov/start-vectors.ts'
import { eigenSymmetric, type SymmetricEigen } from '../krylov/tridiagonal.ts'

/** Settings of {@link extremeEigenpairs}. */
export interface EigenpairsOptions {
  /** Largest eigenvalues wanted. */
  readonly top: number
  /** Smallest eigenvalues wanted. */
  readonly bottom: number
  /**
   * Largest residual allowed, as a share of what `relativeTo` says. Never less than 8 ε of the largest |λ|.
   */
  readonly tolerance: number
  /**
   * `own`: |λ| of the pair, or 1 % of the largest |λ| where that is more: a small eigenvalue at the edge of a bulk must be
   * told from its neighbors, but 0 cannot be met relatively. `largest`: the largest |λ|.
   * @default 'own'
   */
  readonly relativeTo?: RelativeTo | undefined
  /** Budget of applications. */
  readonly maxProducts: number
  readonly stream: RandomStream
  /**
   * Vectors of an application; `measured` times a few and takes what should end first. Equal block sizes give bit-equal
   * results, so give one where runs are compared.
   * @default 'measured'
   */
  readonly blockSize?: number | 'measured' | undefined
  /**
   * Whether to look for further copies of multiple eigenvalues, which one starting vector cannot see; it takes about half as
   * many applications as the first copies took. Blocks of two and more look only where they found as many copies as they can see.
   * @default true
   */
  readonly findsMultiples?: boolean | undefined
  /** Basis rows held; default: as many as 1 GiB takes, within sense. */
  readonly maxBasis?: number | undefined
  /** Vectors near those wanted, such as those of an earlier checkpoint, `[count, n]`: a hint that costs nothing if it is wrong. */
  readonly start?: { readonly vectors: Vector; readonly count: number } | undefined
  /** An interrupted search with the same settings (but the budget), to go on from. */
  readonly saved?: EigenpairsState | undefined
  /** Is given the search's state every `everyMs`, and when `signal` stops it. */
  readonly onState?:
    { readonly everyMs: number; save(state: EigenpairsState): Promise<void> } | undefined
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
  /** Vectors of an application. */
  readonly blockSize: number
  /** Milliseconds of one vector's product, by the vectors of its application, where they were timed to choose the block size. */
  readonly costPerProduct: ReadonlyMap<number, number>
}

/** Steps between two looks at the Ritz values, as a share of the depth, where a look is as dear as a step. */
const lookShare = 0.1

/** A look's k³ flops against the n·k of a step: work in JavaScript is that much slower than in the runtime. */
const lookCost = 8

/**
 * Finds the largest and smallest eigenvalues of a symmetric operator with their residuals.
 *
 * Block Lanczos with thick restart. A Krylov space of b starting vectors meets each eigenspace in b directions only, so once
 * all wanted pairs have converged, and b values were found together, they are locked and the search goes on from fresh random vectors orthogonal to
 * them, until nothing beyond the wanted ones can be hidden there; what it finds is merged in. Multiple eigenvalues are
 * therefore reported as often as they occur. The search judges by residuals, so values closer together than the
 * tolerance may rarely be taken for one (on spectra full of double values about one search in 6,000).
 *
 * `value` is the Rayleigh quotient, an error of order residual²/gap. Residuals ‖Av − λv‖ are what the inner products of the
 * recurrence say, to rounding; one more product, with a random combination of all vectors found, shows by how much the
 * recurrence is off, and that is added to each in quadrature. Where it is too much every pair is measured by a product of its own.
 *
 * Cost: as many applications as the gaps demand, `maxProducts` at most; `maxBasis`·n numbers held.
 * Deterministic for a given stream and block size, also across an interruption.
 *
 * @param operator - Symmetric, size n. Symmetry is trusted.
 * @param options.top - With `bottom`: 1 or more in all; if they exceed n, `bottom` is cut, then `top`.
 * @returns Status `not-converged` if the budget ended before residuals and the search for missed
 *   eigenvalues were done, or residuals exceed what the search promised; the note says which, and
 *   what to try.
 * @throws InputError if nothing is wanted, the budget is too small to say anything, the block size is not a positive
 *   integer, `start` does not hold finite vectors of n numbers, or `saved` is of another search.
 * @throws NonFiniteError naming the step, if a product is not finite.
 * @throws StoppedError if `signal` says so, after the state was given to `onState`.
 * @see Wu and Simon, Thick-restart Lanczos method for large symmetric eigenvalue problems (2000)
 */
export async function extremeEigenpairs(
  operator: LinearOperator,
  options: EigenpairsOptions,
): Promise<EigenpairsResult> {
  const { size, space } = operator
  const top = Math.min(options.top, size)
  const bottom = Math.min(options.bottom, size - top)
  const goal = new EigenpairGoal({
    top,
    bottom,
    tolerance: options.tolerance,
    relativeTo: options.relativeTo ?? 'own',
    epsilon: space.epsilon,
  })
  const { wanted } = goal
  if (wanted < 1) throw new InputError('top', 'top + bottom must be 1 or more, got 0')
  const wish = options.blockSize ?? 'measured'
  if (wish !== 'measured' && !(Number.isInteger(wish) && wish >= 1)) {
    throw new InputError('blockSize', `blockSize must be 1 or more or 'measured', got ${wish}`)
  }
  const least = 2 * wanted + (wish === 'measured' ? 0 : wish - 1)
  if (options.maxProducts < least) {
    throw new InputError(
      'maxProducts',
      `maxProducts must be ${least} or more for ${wanted} eigenpairs${wish === 'measured' || wish === 1 ? '' : ` in blocks of ${wish}`}, got ${options.maxProducts}`,
    )
  }
  const rows = largestBlock(size, options.blockSize)
  const capacity = basisCapacity({
    size,
    epsilon: space.epsilon,
    wanted,
    maxBasis: options.maxBasis,
    blockSize: rows,
  })
  const basis = await KrylovBasis.create(space, capacity)
  try {
    return await new Search(operator, options, goal, basis, rows).run()
  } finally {
    await basis.release()
  }
}

/** One search. */
class Search {
  readonly #operator: LinearOperator
  readonly #options: EigenpairsOptions
  readonly #goal: EigenpairGoal
  readonly #basis: KrylovBasis
  readonly #lanczos: BlockLanczos
  readonly #blockSize: BlockSize
  /** Applications for the search; the one that confirms its last pairs comes on top. */
  readonly #budget: number
  /** Leading basis vectors that are found eigenvectors, since the last fresh start. */
  #locked = 0
  /** The wanted values when they were chosen. */
  #lockedValues: readonly number[] = []
  /** Whether a restart moved found vectors among the locked ones since the last fresh start. */
  #isStale = false
  readonly #residuals: RecurrenceResiduals
  /** By how much the recurrence was off for the vectors last locked. */
  #deviation = 0
  #products = 0
  #nextLook = 0
  #rounds = 0
  #restarts = 0
  #outcome: SearchOutcome = 'unconverged'
  #isDone = false
  #savedAt = monotonicMs()

  constructor(
    operator: LinearOperator,
    options: EigenpairsOptions,
    goal: EigenpairGoal,
    basis: KrylovBasis,
    rows: number,
  ) {
    this.#operator = operator
    this.#options = options
    this.#goal = goal
    this.#basis = basis
    this.#budget = options.maxProducts - 1
    // What a trial spends, and what the last block leaves of the budget, must not be missing for the pairs.
    const spare = options.maxProducts - 2 * goal.wanted
    const wish = options.blockSize ?? 'measured'
    const largest = wish === 'measured' ? Math.min(rows, Math.floor(spare / 8)) : wish
    this.#blockSize = new BlockSize(operator, wish, largest)
    this.#lanczos = new BlockLanczos(operator, basis, this.#blockSize.chosen ?? 1)
    this.#residuals = new RecurrenceResiduals(operator, this.#lanczos)
  }

  async run(): Promise<EigenpairsResult> {
    const { saved } = this.#options
    if (saved === undefined) await this.#begin()
    else await this.#resume(saved)
    while (!this.#isDone && this.#products + this.#lanczos.ahead <= this.#budget) {
      await this.#pause()
      await this.#step()
      if (this.#isLookDue()) await this.#look()
    }
    await this.#pause()
    return this.#finish()
  }

  async #begin(): Promise<void> {
    const { start, stream } = this.#options
    const source = stream.fork('start', 0)
    const starts =
      start === undefined
        ? undefined
        : await drawStarts(this.#operator.space, start, this.#lanczos.width, source)
    await this.#lanczos.fill(source, starts)
    this.#nextLook = Math.min(this.#basis.capacity, this.#goal.wanted + 2)
  }

  async #resume(saved: EigenpairsState): Promise<void> {
    const { header, rows, vectors } = saved
    const { size, space } = this.#operator
    checkState(saved, this.#made(), size)
    const row = space.allocate(1)
    for (let i = 0; i < rows; i += 1) {
      row.set(vectors.subarray(i * size, (i + 1) * size))
      await this.#basis.push(row, 1)
    }
    this.#lanczos.restore(header.recurrence)
    this.#blockSize.restore(header.blockSize)
    this.#products = header.products
    this.#nextLook = header.nextLook
    this.#rounds = header.rounds
    this.#restarts = header.restarts
    this.#isStale = header.isStale
    this.#residuals.restore(header.dropped)
    this.#deviation = header.deviation
    this.#outcome = header.outcome
    this.#isDone = header.isDone
    this.#locked = header.locked
    this.#lockedValues = header.lockedValues
  }

  /** What a state of this search belongs to. */
  #made(): Readonly<Record<string, number | string>> {
    const { tolerance, relativeTo, findsMultiples, blockSize, start, stream } = this.#options
    return {
      size: this.#operator.size,
      epsilon: this.#operator.space.epsilon,
      top: this.#goal.top,
      bottom: this.#goal.bottom,
      tolerance,
      relativeTo: relativeTo ?? 'own',
      findsMultiples: findsMultiples === false ? 'no' : 'yes',
      blockSize: blockSize ?? 'measured',
      basis: this.#basis.capacity,
      starts: start?.count ?? 0,
      stream: stream.fork('name').nextUint32(),
    }
  }

  /** Between two steps: saves the state if it is time, and stops if told so. */
  async #pause(): Promise<void> {
    const { signal, onState } = this.#options
    if (onState !== undefined) {
      const isDue = monotonicMs() - this.#savedAt >= onState.everyMs
      if (isDue || signal?.aborted === true) {
        await onState.save(this.#state())
        this.#savedAt = monotonicMs()
      }
    }
    throwIfStopped(signal)
  }

  #state(): EigenpairsState {
    const rows = this.#basis.count
    return {
      header: {
        made: this.#made(),
        recurrence: structuredClone(this.#lanczos.state),
        blockSize: structuredClone(this.#blockSize.state),
        products: this.#products,
        nextLook: this.#nextLook,
        rounds: this.#rounds,
        restarts: this.#restarts,
        locked: this.#locked,
        lockedValues: this.#lockedValues,
        isStale: this.#isStale,
        dropped: this.#residuals.state,
        deviation: this.#deviation,
        outcome: this.#outcome,
        isDone: this.#isDone,
      },
      rows,
      vectors: this.#basis.readRows(rows),
    }
  }

  /** One application, and as many directions for the next one as there should and can be. */
  async #step(): Promise<void> {
    const before = this.#products
    await this.#lanczos.step(
      async (input, rows, output) => {
        this.#products += await this.#blockSize.apply(input, rows, output)
      },
      (row) => `the operator's product ${before + row + 1}`,
    )
    const { chosen } = this.#blockSize
    if (chosen !== null) this.#lanczos.widen(chosen)
    this.#options.onProgress?.(this.#products)
    await this.#lanczos.fill(this.#options.stream.fork('closed', this.#products))
  }

  get #isFull(): boolean {
    return this.#lanczos.projected.length === this.#operator.size
  }

  #isLookDue(): boolean {
    return (
      this.#lanczos.projected.length >= this.#nextLook || this.#lanczos.ahead === 0 || this.#isFull
    )
  }

  /** Looks at the Ritz values, and ends the search, locks what was found, or restarts. */
  async #look(): Promise<void> {
    const { projected, tail, width } = this.#lanczos
    const count = projected.length
    if (this.#isFull) {
      this.#outcome = 'complete'
      this.#isDone = true
      return
    }
    const steps = Math.ceil((lookCost * count ** 2) / this.#operator.size)
    this.#nextLook = count + Math.max(1, Math.min(steps, Math.floor(lookShare * count)))
    const ritz = ritzResiduals(projected, tail)
    const hasConverged = this.#goal.isMet(ritz)
    // What was found since the last fresh start may have further copies, which only another one shows.
    const isStale =
      this.#locked === 0 || this.#isStale || this.#goal.hasOthers(ritz.values, this.#lockedValues)
    const isChecked = (): boolean =>
      (!isStale && this.#goal.isNothingHidden(ritz, this.#freshRitz())) ||
      this.#showsAllCopies(ritz)
    if (hasConverged && (this.#options.findsMultiples === false || isChecked())) {
      this.#outcome = 'complete'
      this.#isDone = true
      return
    }
    if (hasConverged) this.#outcome = 'unchecked'
    if (hasConverged && isStale && this.#products < this.#budget) {
      await this.#lock()
      this.#nextLook = this.#lanczos.projected.length + 2 + width
    } else if (this.#lanczos.ahead === 0) {
      await this.#restart()
      this.#nextLook = this.#lanczos.projected.length + 2 + width
    }
    if (!hasConverged) this.#outcome = 'unconverged'
  }

  /**
   * Whether the first start says by itself that nothing is missing: of several random vectors, nowhere were as many values found
   * together as they could show copies of one. Of 7,200 searches in blocks of 2 on spectra of which every fifth value was
   * double, 1 missed a copy (2026-11-25).
   */
  #showsAllCopies(ritz: RitzValues): boolean {
    const isRandom = this.#locked === 0 && this.#options.start === undefined
    return isRandom && this.#goal.mostCopies(ritz) < this.#lanczos.width
  }

  /** The part of the search since the last lock, as a spectrum of its own. */
  #freshRitz(): RitzValues {
    const { projected, tail } = this.#lanczos
    const rest = projected.slice(this.#locked).map((row) => row.slice(this.#locked))
    return ritzResiduals(rest, tail)
  }

  /** Keeps the wanted Ritz vectors alone and starts afresh orthogonally to them. */
  async #lock(): Promise<void> {
    this.#rounds += 1
    const eigen = eigenSymmetric(this.#lanczos.projected)
    const wanted = this.#goal.indices(eigen.values.length)
    this.#deviation = await this.#keepConfirmed(eigen, wanted)
    this.#locked = wanted.length
    this.#lockedValues = wanted.map((index) => eigen.values[index]!)
    this.#isStale = false
    // What a locked vector lacks of an eigenvector was dropped: later products meet it again.
    this.#lanczos.coupled = wanted.length
    await this.#lanczos.fill(this.#options.stream.fork('start', this.#rounds))
  }

  /** Thick restart: the wanted Ritz vectors first, some beside them, and the directions to come. */
  async #restart(): Promise<void> {
    this.#restarts += 1
    const eigen = eigenSymmetric(this.#lanczos.projected)
    const count = eigen.values.length
    const wanted = this.#goal.indices(count)
    const spare = Math.max(2, Math.floor((this.#basis.capacity - this.#locked) / 4))
    // Room for the directions to come and one step at least.
    const most = this.#basis.capacity - 2 * this.#lanczos.width
    const kept = [...wanted, ...this.#goal.neighbors(count, spare)].slice(0, most)
    this.#isStale ||= this.#locked > 0 && this.#goal.hasOthers(eigen.values, this.#lockedValues)
    await this.#keep(eigen, kept, true)
    // What was locked stays so: the search in the rest goes on where it was.
    this.#locked = this.#locked > 0 ? wanted.length : 0
    this.#lockedValues = wanted.map((index) => eigen.values[index]!)
    // Everything kept holds something of the locked vectors.
    this.#lanczos.coupled = this.#locked > 0 ? kept.length : 0
    await this.#lanczos.fill(this.#options.stream.fork('restart', this.#restarts))
  }

  #keep(eigen: SymmetricEigen, kept: readonly number[], isContinued: boolean): Promise<void> {
    const vectors = kept.map((index) => eigen.vectors[index]!)
    this.#residuals.keep(vectors, isContinued)
    return this.#lanczos.keep(
      vectors,
      kept.map((index) => eigen.values[index]!),
      isContinued,
    )
  }

  /** Keeps the wanted vectors alone; gives by how much the recurrence is off for them, which takes one product. */
  async #keepConfirmed(eigen: SymmetricEigen, wanted: readonly number[]): Promise<number> {
    const stream = this.#options.stream.fork('signs', this.#rounds)
    const expected = await this.#residuals.expect(eigen, wanted, stream)
    await this.#keep(eigen, wanted, false)
    this.#products += 1
    return this.#residuals.deviation(expected, `the operator's product ${this.#products}`)
  }

  async #finish(): Promise<EigenpairsResult> {
    const eigen = eigenSymmetric(this.#lanczos.projected)
    const indices = this.#goal.indices(eigen.values.length)
    const scale = scaleOf(eigen.values)
    const isLate = ({ value, residual }: Eigenpair): boolean =>
      residual > this.#goal.limit(value, scale)
    const orthogonalityLoss = await this.#basis.orthogonalityLoss()
    const known = indices.map((index) => this.#residuals.of(eigen.vectors[index]!, this.#isFull))
    const areLocked = this.#outcome === 'complete' && this.#locked > 0 && !this.#isFull
    if (areLocked) await this.#keep(eigen, indices, false)
    else this.#deviation = await this.#keepConfirmed(eigen, indices)
    const confirmed = indices.map((index, i) => ({
      value: eigen.values[index]!,
      residual: Math.hypot(known[i]!, this.#deviation),
    }))
    const found = this.#basis.readRows(indices.length)
    // Room for what may still be measured.
    await this.#basis.release()
    const isComplete = this.#outcome === 'complete'
    const canMeasure = this.#products + indices.length <= this.#options.maxProducts
    const { pairs, vectors } =
      isComplete && canMeasure && confirmed.some(isLate)
        ? await this.#measured(found, indices.length)
        : { pairs: confirmed, vectors: found }
    this.#options.onProgress?.(this.#products)
    const late = pairs.filter(isLate).length
    const worst = pairs.reduce((a, { residual }) => Math.max(a, residual), 0)
    const isDone = isComplete && late === 0
    const products = this.#products
    const shortfall = { late, wanted: pairs.length, worst: worst / scale, products }
    return {
      top: pairs.slice(0, this.#goal.top),
      bottom: pairs.slice(this.#goal.top),
      vectors,
      status: isDone ? 'converged' : 'not-converged',
      note: [
        isDone ? '' : describeShortfall({ ...shortfall, hasBudgetLeft: isComplete }),
        this.#options.findsMultiples === false && isDone
          ? 'Multiple eigenvalues were not looked for: each may occur more often than reported.'
          : '',
        describeResolution(pairs),
        describeFloor(pairs, scale, this.#operator.space.epsilon),
      ]
        .filter((text) => text !== '')
        .join(' '),
      products,
      depth: this.#lanczos.depth,
      orthogonalityLoss,
      blockSize: this.#lanczos.width,
      costPerProduct: this.#blockSize.costs,
    }
  }

  /** Pairs by a product each, where one for all is not enough. */
  async #measured(found: Vector, count: number): Promise<MeasuredPairs> {
    const options = { top: this.#goal.top, before: this.#products, rows: this.#lanczos.width }
    const measured = await measurePairs(this.#operator, found, count, options)
    this.#products += count
    return measured
  }
}
