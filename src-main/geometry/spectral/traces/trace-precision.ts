import { InputError } from '#base'
import { meanAndStandardError, studentFactor, type Estimate } from '#shared/statistics'
import type { TraceSampler, TraceSamples } from './trace-sampler.ts'

/** How much to spend on an estimate, and until when. */
export interface SpendingOptions {
  /** Products to spend; with a precision: before the first look at the standard error. */
  readonly probes: number
  /** Largest standard error wanted, as a share of the estimate's size, e.g. 0.02; left out: `probes` products are spent. */
  readonly precision?: number | undefined
  /** Products at most, with a precision. @default 4000 */
  readonly maxProducts?: number | undefined
}

/**
 * How an estimate ended. `estimated`: the products asked for were spent; `converged`: the precision asked for is met;
 * `not-converged`: the budget ended before: the standard error is true all the same, the note says what to try.
 */
export type EstimateStatus = 'estimated' | 'converged' | 'not-converged'

/** An estimate that is good to its standard error, and how it ended. */
export interface Spent {
  readonly estimate: Estimate
  readonly taken: TraceSamples
  readonly status: EstimateStatus
  readonly note: string
}

/** A smooth function of tr A and tr A², by which samples become an estimate. */
export interface TraceStatistic {
  readonly name: string
  readonly value: (trace: number, squareTrace: number) => number
  /** Its derivatives by tr A and tr A². */
  readonly gradient: (trace: number, squareTrace: number) => readonly [number, number]
}

/** tr A itself. */
export const traceStatistic: TraceStatistic = {
  name: 'tr A',
  value: (trace) => trace,
  gradient: () => [1, 0],
}

/** tr A² itself. */
export const squareTraceStatistic: TraceStatistic = {
  name: 'tr A²',
  value: (_trace, squareTrace) => squareTrace,
  gradient: () => [0, 1],
}

/** Growth between two looks at most: a look may stop the search by luck, so there are few. */
const growth = 1.5

/** And at least. */
const leastGrowth = 1.1

/** Mass of the normal law within two standard deviations. */
const twoDeviations = 0.9544997361036416

/**
 * Widens a standard error so that two of them hold the truth as often as two of the normal law's, 95.45 %: by Student's law
 * for `count` samples (1.14 for ten, 1.01 for a hundred).
 */
export const widenForCount = ({ mean, standardError }: Estimate, count: number): Estimate => ({
  mean,
  standardError:
    count < 2 ? standardError : (standardError * studentFactor(twoDeviations, count - 1)) / 2,
})

/**
 * The estimate that samples give of a statistic: its value at their means, and the standard error to first order, with the
 * covariance of both moments; the bias, of the second order, is the square of it in relative terms.
 *
 * Where samples depend on each other: the geometric mean of what their deviation says, which is too small, and the jackknife,
 * which is too large. Widened for their count.
 *
 * @see Efron and Stein, The jackknife estimate of variance (1981)
 */
export function estimateOf(statistic: TraceStatistic, taken: TraceSamples): Estimate {
  const { samples, squareSamples, withoutOne } = taken
  const count = samples.length
  const [trace, square] = [samples, squareSamples].map((all) => meanAndStandardError(all).mean)
  const [byTrace, bySquare] = statistic.gradient(trace!, square!)
  const linear = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((x, i) => byTrace * (x - trace!) + bySquare * (b[i]! - square!))
  const { standardError } = meanAndStandardError(linear(samples, squareSamples))
  const jackknife =
    withoutOne === null
      ? standardError
      : (count - 1) *
        meanAndStandardError(linear(withoutOne.traces, withoutOne.squareTraces)).standardError
  return widenForCount(
    { mean: statistic.value(trace!, square!), standardError: Math.sqrt(standardError * jackknife) },
    count,
  )
}

/** @throws InputError if the settings contradict each other or say nothing. */
export function requireSpending(options: SpendingOptions, leastProducts: number): void {
  const { probes, precision, maxProducts } = options
  if (!(probes >= leastProducts)) {
    throw new InputError('probes', `probes must be ${leastProducts} or more, got ${probes}`)
  }
  if (precision === undefined) return
  if (!(precision > 0 && precision < 1)) {
    throw new InputError('precision', `precision must be in (0, 1), got ${precision}`)
  }
  if (maxProducts !== undefined && !(maxProducts >= leastProducts)) {
    throw new InputError(
      'maxProducts',
      `maxProducts must be ${leastProducts} or more, got ${maxProducts}`,
    )
  }
}

/** Whether an estimate is as precise as asked. */
export const isPrecise = ({ mean, standardError }: Estimate, precision: number): boolean =>
  standardError <= precision * Math.abs(mean)

/**
 * What to try where the budget ended first.
 *
 * @param canGrow - Whether the method could have used a larger budget.
 */
export function describeImprecision(
  { mean, standardError }: Estimate,
  precision: number,
  products: number,
  canGrow = true,
): string {
  const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`
  const reached =
    mean === 0 || standardError >= Math.abs(mean)
      ? 'the standard error is as large as the estimate'
      : `the standard error is ${percent(standardError / Math.abs(mean))} of the estimate`
  const advice =
    standardError >= Math.abs(mean)
      ? 'A value near 0 has no relative precision; spend a number of products instead, and read its absolute error'
      : !canGrow
        ? 'The sketch has its largest size; try hutch++, which goes on with probes, or hutchinson'
        : 'Try a larger budget, or a method that deflates (xtrace, hutch++) if few eigenvalues are far larger than the rest'
  return `after ${products} products ${reached}; asked for were ${percent(precision)}. ${advice}.`
}

/** Where the spending of products stands; plain data. */
export interface Spending {
  /** Products at the next look at the standard error. */
  wanted: number
  /** And at the last one. */
  before: number
}

/** Budget where none is given. */
export const defaultBudget = 4000

/** Where the spending of products begins. */
export function beginSpending({ probes, precision, maxProducts }: SpendingOptions): Spending {
  const budget = precision === undefined ? probes : (maxProducts ?? defaultBudget)
  return { wanted: Math.min(budget, probes), before: 0 }
}

/**
 * Spends products until an estimate is as precise as asked, or the budget is spent.
 *
 * Looks are few: the next is where the standard error, falling as 1/√products, would meet the precision, but 1.1 to 1.5 times
 * as many products as now. Looking often and stopping at the first success would favor errors that are too small.
 *
 * @param spending - Where it stands; kept up to date, so that it goes on from there after an interruption.
 * @param pause - Called between blocks of products.
 */
export async function spendToPrecision(
  sampler: TraceSampler,
  statistic: TraceStatistic,
  options: SpendingOptions,
  spending: Spending,
  pause: () => Promise<void>,
): Promise<Spent> {
  const { precision } = options
  if (precision === undefined) {
    await sampler.extend(options.probes, pause)
    const taken = sampler.samples()
    return { estimate: estimateOf(statistic, taken), taken, status: 'estimated', note: '' }
  }
  const budget = options.maxProducts ?? defaultBudget
  for (;;) {
    const { wanted, before } = spending
    await sampler.extend(wanted, pause)
    const taken = sampler.samples()
    const estimate = estimateOf(statistic, taken)
    const { products, isExact, leastSamples } = sampler
    // Statistics of the zero operator may be 0/0, whose precision nothing improves.
    const isZero = taken.squareSamples.every((square) => square === 0)
    const isEnough =
      taken.samples.length >= leastSamples && (isZero || isPrecise(estimate, precision))
    if (isExact || isEnough) return { estimate, taken, status: 'converged', note: '' }
    if (wanted >= budget || products === before) {
      const note = describeImprecision(estimate, precision, products, products > before)
      return { estimate, taken, status: 'not-converged', note }
    }
    const excess = estimate.standardError / (precision * Math.abs(estimate.mean))
    const factor = excess > 0 ? Math.min(growth, Math.max(leastGrowth, excess ** 2)) : growth
    // Methods whose products come in twos and threes need room for a step.
    spending.wanted = Math.min(budget, Math.max(Math.ceil(wanted * factor), before + 3))
    spending.before = products
  }
}
