import { InputError, fillSigns, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { meanAndStandardError, type Estimate } from '#shared/statistics'
import { requireState, StateSaver, type ResumeOptions, type StateOrigin } from '../solver-state.ts'
import {
  beginSpending,
  defaultBudget,
  describeImprecision,
  requireSpending,
  widenForCount,
  type EstimateStatus,
  type SpendingOptions,
} from './trace-precision.ts'
import { TraceProducts, type SamplingHooks } from './trace-sampler.ts'

/**
 * Settings of {@link estimateDiagonal}. The precision is that of the whole vector: the root mean square of the entries' standard
 * errors as a share of that of the entries.
 */
export interface DiagonalOptions extends SpendingOptions, SamplingHooks, ResumeOptions {
  readonly stream: RandomStream
  /**
   * Ranges of entries whose sums are wanted with a standard error of their own, as `[from, to)`: entries of one probe are not
   * independent of each other, so theirs do not add up.
   */
  readonly ranges?: readonly (readonly [number, number])[] | undefined
}

/** The diagonal of an operator. */
export interface DiagonalResult {
  /** `[n]`. */
  readonly diagonal: Float64Array
  /** `[n]`. */
  readonly standardError: Float64Array
  /** Root mean square of the entries' standard errors. */
  readonly rmsStandardError: number
  /** Root mean square of the entries. */
  readonly rms: number
  /** Σ: Hutchinson's estimate of tr A. */
  readonly trace: Estimate
  /** Sums over the ranges, in their order. */
  readonly sums: readonly Estimate[]
  readonly products: number
  readonly status: EstimateStatus
  readonly note: string
}

/** All of an estimate's state but its vectors. */
interface DiagonalHeader {
  readonly of: StateOrigin
  readonly products: number
  /** Probes at the next look at the errors. */
  readonly wanted: number
}

/** Growth of the probes between two looks at the errors. */
const growth = 1.5

/** Probes before the first look: of a few entries, all of two probes' samples may agree by luck. */
const leastProbes = 16

/**
 * Running mean and sum of squared deviations of each entry, in float64 whatever the vectors are (Welford).
 *
 * This is plain TypeScript over n, once a probe: 2.0 ns an entry, where a product takes 7.6 (perceptron 64-64-64-10, in blocks of 128), 26
 * (784-512-512-10) or 2,200 ns (ResNet-20): a quarter of it, 8 % and nothing.
 */
class EntryMoments {
  readonly mean: Float64Array
  readonly #deviations: Float64Array
  #count = 0

  constructor(size: number) {
    this.mean = new Float64Array(size)
    this.#deviations = new Float64Array(size)
  }

  /** Writes both to the first rows of `target`, `[2, n]`. */
  read(target: Float64Array): void {
    target.set(this.mean)
    target.set(this.#deviations, this.mean.length)
  }

  /** Goes on from what `read` wrote after `count` probes. */
  restore(source: Vector, count: number): void {
    const size = this.mean.length
    this.mean.set(source.subarray(0, size))
    this.#deviations.set(source.subarray(size, 2 * size))
    this.#count = count
  }

  /** Takes zᵢ·(Az)ᵢ of one probe and gives their sums over ranges. */
  add(
    probe: ArrayLike<number>,
    product: ArrayLike<number>,
    ranges: readonly (readonly [number, number])[],
  ): number[] {
    this.#count += 1
    const { mean } = this
    const deviations = this.#deviations
    const share = 1 / this.#count
    for (let i = 0; i < mean.length; i += 1) {
      const before = mean[i]!
      const difference = probe[i]! * product[i]! - before
      const after = before + difference * share
      mean[i] = after
      deviations[i]! += difference * (difference - difference * share)
    }
    return ranges.map(([from, to]) => {
      let sum = 0
      for (let i = from; i < to; i += 1) sum += probe[i]! * product[i]!
      return sum
    })
  }

  /** Mean over entries of their squared standard errors, and of their squares. */
  squares(): { error: number; entry: number } {
    const { mean } = this
    let [error, entry] = [0, 0]
    for (let i = 0; i < mean.length; i += 1) {
      error += this.#deviations[i]!
      entry += mean[i]! ** 2
    }
    const count = this.#count
    return { error: error / ((count - 1) * count * mean.length), entry: entry / mean.length }
  }

  standardErrors(factor: number): Float64Array {
    const divisor = (this.#count - 1) * this.#count
    return this.#deviations.map((sum) => factor * Math.sqrt(sum / divisor))
  }
}

/** Takes the sums of `count` probes, one range after another, from a state. */
function restoreSums(sums: readonly number[][], source: ArrayLike<number>, count: number): void {
  sums.forEach((all, k) => {
    for (let i = 0; i < count; i += 1) all.push(source[k * count + i]!)
  })
}

/**
 * Estimates the diagonal by random signs: Aᵢᵢ = E zᵢ(Az)ᵢ, with variance Σ_{j≠i} Aᵢⱼ² a probe.
 *
 * A diagonal matrix is exact after two probes. What is off the diagonal is noise: the root mean square of the standard errors is
 * √((‖A‖_F² − Σ Aᵢᵢ²)/(n·probes)). Standard errors are the sample deviations over √probes, widened by Student's law so that two of
 * them hold the truth in 95.45 %.
 *
 * Cost: `probes` applications in blocks of the operator's liking, or as many as the precision needs, and one pass over n each; two blocks
 * and two vectors in float64 held. Deterministic for a given stream; an estimate that was interrupted and goes on from its state is
 * bit-equal.
 *
 * @throws InputError if there are fewer than two probes, the precision is not in (0, 1), a range is not within the vector, or `saved` is of
 *   another estimate.
 * @throws NonFiniteError naming the probe whose product is not finite.
 * @see Bekas, Kokiopoulou and Saad, An estimator for the diagonal of a matrix (2007)
 */
export async function estimateDiagonal(
  operator: LinearOperator,
  options: DiagonalOptions,
): Promise<DiagonalResult> {
  requireSpending(options, 2)
  const { size, space, preferredRows } = operator
  const { precision, stream } = options
  const ranges = options.ranges ?? []
  for (const [from, to] of ranges) {
    if (!(from >= 0 && from <= to && to <= size)) {
      throw new InputError('ranges', `ranges must lie within [0, ${size}), got [${from}, ${to})`)
    }
  }
  const budget = precision === undefined ? options.probes : (options.maxProducts ?? defaultBudget)
  const of: StateOrigin = {
    size,
    epsilon: space.epsilon,
    probes: options.probes,
    precision: precision ?? 'none',
    maxProducts: budget,
    ranges: JSON.stringify(ranges),
    stream: stream.fork('name').nextUint32(),
  }
  const { saved } = options
  const header = saved && (requireState(saved, of) as DiagonalHeader)
  const products = new TraceProducts(operator, options, header?.products)
  const moments = new EntryMoments(size)
  const sums = [[0, size] as const, ...ranges].map((): number[] => [])
  if (saved !== undefined) {
    moments.restore(saved.vectors, products.made)
    restoreSums(sums, saved.vectors.subarray(2 * size), products.made)
  }
  const begun = beginSpending(options).wanted
  const firstLook = precision === undefined ? begun : Math.min(budget, Math.max(begun, leastProbes))
  let wanted = header?.wanted ?? firstLook
  const saver = new StateSaver(options.onState, () => {
    const rows = 2 + Math.ceil((sums.length * products.made) / size)
    // All of it is float64, whatever the operator's vectors are.
    const vectors = new Float64Array(rows * size)
    moments.read(vectors)
    sums.forEach((all, k) => {
      vectors.set(all, 2 * size + k * products.made)
    })
    const written: DiagonalHeader = { of, products: products.made, wanted }
    return { header: written, rows, vectors }
  })
  const rows = Math.min(preferredRows, budget)
  const [block, product] = [space.allocate(rows), space.allocate(rows)]
  const sample = async (): Promise<void> => {
    while (products.made < wanted) {
      const first = products.made
      const count = Math.min(rows, wanted - first)
      for (let i = 0; i < count; i += 1) {
        fillSigns(block.subarray(i * size, (i + 1) * size), stream.fork('probe', first + i))
      }
      await products.apply(block, count, product, (i) => `probe ${first + i + 1}`)
      for (let i = 0; i < count; i += 1) {
        const [from, to] = [i * size, (i + 1) * size]
        moments
          .add(block.subarray(from, to), product.subarray(from, to), [[0, size], ...ranges])
          .forEach((sum, k) => sums[k]!.push(sum))
      }
      await saver.pause()
    }
  }
  for (;;) {
    await saver.run(sample)
    const { error, entry } = moments.squares()
    const widened = widenForCount(
      { mean: Math.sqrt(entry), standardError: Math.sqrt(error) },
      products.made,
    )
    // The entries' own errors are part of their mean square.
    const rms = Math.sqrt(Math.max(0, entry - error))
    const isPrecise = precision !== undefined && widened.standardError <= precision * rms
    if (!isPrecise && wanted < budget) {
      wanted = Math.min(budget, Math.ceil(growth * wanted))
      continue
    }
    const [trace, ...rangeSums] = sums.map((all) =>
      widenForCount(meanAndStandardError(all), all.length),
    )
    return {
      diagonal: moments.mean,
      standardError: moments.standardErrors(
        widenForCount({ mean: 0, standardError: 1 }, products.made).standardError,
      ),
      rmsStandardError: widened.standardError,
      rms,
      trace: trace!,
      sums: rangeSums,
      products: products.made,
      status: precision === undefined ? 'estimated' : isPrecise ? 'converged' : 'not-converged',
      note:
        precision === undefined || isPrecise
          ? ''
          : describeImprecision(
              { mean: rms, standardError: widened.standardError },
              precision,
              products.made,
            ),
    }
  }
}
