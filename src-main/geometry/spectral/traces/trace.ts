import type { RandomStream } from '#base'
import type { LinearOperator } from '#geometry/operators'
import type { Estimate } from '#shared/statistics'
import { DeflatedSampler } from './hutch-deflated.ts'
import { HutchinsonSampler, type ProbeDistribution } from './hutchinson.ts'
import {
  requireState,
  StateSaver,
  type ResumeOptions,
  type SolverState,
  type StateOrigin,
} from '../solver-state.ts'
import {
  beginSpending,
  defaultBudget,
  estimateOf,
  requireSpending,
  spendToPrecision,
  squareTraceStatistic,
  traceStatistic,
  type EstimateStatus,
  type Spending,
  type SpendingOptions,
  type TraceStatistic,
} from './trace-precision.ts'
import type { SamplingHooks, TraceSampler, TraceSamples } from './trace-sampler.ts'
import { largestSketch } from './trace-sketch.ts'
import { ExchangeableSampler } from './xtrace.ts'

/**
 * How traces are sampled. `hutchinson`: zᵀAz; `hutch++`: exactly on a sketch of the leading eigenvectors, by Hutchinson on the
 * rest; `xtrace`: as that, but every random vector serves for both.
 */
export type TraceMethod = 'hutchinson' | 'hutch++' | 'xtrace'

/** Products with which a method can say anything. */
const leastProducts: Readonly<Record<TraceMethod, number>> = {
  hutchinson: 2,
  'hutch++': 4,
  xtrace: 4,
}

/** Settings of {@link estimateTrace} and {@link estimateSquareTrace}. */
export interface TraceOptions extends SpendingOptions, SamplingHooks, ResumeOptions {
  /** @default 'hutchinson' */
  readonly method?: TraceMethod | undefined
  readonly stream: RandomStream
  /** Of Hutchinson's probes. @default 'signs' */
  readonly distribution?: ProbeDistribution
}

/** Estimates of tr A and of tr A² from the same products. */
export interface TraceResult extends TraceSamples {
  readonly method: TraceMethod
  /** What the precision was asked of. */
  readonly estimate: Estimate
  readonly trace: Estimate
  readonly squareTrace: Estimate
  readonly products: number
  readonly status: EstimateStatus
  /** What the status means and what to try; empty when there is nothing to say. */
  readonly note: string
}

/**
 * Estimates the trace, and tr A² from the same products.
 *
 * Hutchinson: tr A = E zᵀAz for z with E zzᵀ = I; variance of one probe 2(‖A‖_F² − Σ Aᵢᵢ²) for signs, 2‖A‖_F² for normals.
 * Hutch++ and XTrace remove the range of A on random vectors first; what is left to err by is the spectrum without its
 * leading values, so they need far fewer products where some stand out, and up to three (two) times as many where none does.
 * The standard error is the sample deviation over √m, widened by Student's law so that two of it hold the truth in 95.45 %.
 *
 * Cost: `probes` applications in blocks of the operator's liking, or as many as the precision needs. Vectors held besides
 * two blocks: none, 2/3 or with a precision 4/3 (Hutch++), or 3/2 (XTrace) of the products; with a precision a sketch ends at 256 random vectors, and XTrace with
 * it. Deterministic for a given stream; an estimate that was interrupted and goes on from its state, of at most a vector a product, is bit-equal.
 *
 * @throws InputError if there are too few probes for the method (2; 4 for Hutch++ and XTrace), the precision is not in (0, 1), or
 *   `saved` is of another estimate.
 * @throws NonFiniteError naming the vector whose product is not finite.
 * @see {@link HutchinsonSampler}, {@link DeflatedSampler} and {@link ExchangeableSampler} for the sources
 */
export function estimateTrace(
  operator: LinearOperator,
  options: TraceOptions,
): Promise<TraceResult> {
  return estimateMoments(operator, traceStatistic, options)
}

/**
 * Estimates tr A² = ‖A‖_F², and tr A from the same products: {@link estimateTrace} with the precision asked of tr A².
 *
 * Hutchinson: tr A² = E ‖Az‖², variance of one probe 2(‖A²‖_F² − Σ (A²)ᵢᵢ²) for signs, which one eigenvalue far larger than the
 * rest dominates; the other methods are the better choice then.
 *
 * @throws InputError and NonFiniteError as {@link estimateTrace}.
 */
export function estimateSquareTrace(
  operator: LinearOperator,
  options: TraceOptions,
): Promise<TraceResult> {
  return estimateMoments(operator, squareTraceStatistic, options)
}

/** All of an estimate's state but the sampler's vectors. */
interface TraceHeader {
  readonly of: StateOrigin
  readonly spending: Spending
  readonly sampler: unknown
}

/** What a state of an estimate belongs to. */
function originOf(
  { size, space }: LinearOperator,
  statistic: TraceStatistic,
  method: TraceMethod,
  { probes, precision, maxProducts, distribution, stream }: TraceOptions,
): StateOrigin {
  return {
    size,
    epsilon: space.epsilon,
    statistic: statistic.name,
    method,
    probes,
    precision: precision ?? 'none',
    maxProducts: precision === undefined ? 'none' : (maxProducts ?? defaultBudget),
    distribution: distribution ?? 'signs',
    stream: stream.fork('name').nextUint32(),
  }
}

/** Samples both moments until a statistic of them is as precise as asked. */
export async function estimateMoments(
  operator: LinearOperator,
  statistic: TraceStatistic,
  options: TraceOptions,
): Promise<TraceResult> {
  const method = options.method ?? 'hutchinson'
  requireSpending(options, leastProducts[method])
  const of = originOf(operator, statistic, method, options)
  const header =
    options.saved === undefined ? undefined : (requireState(options.saved, of) as TraceHeader)
  const spending: Spending = { ...(header?.spending ?? beginSpending(options)) }
  const sampler = await createSampler(
    operator,
    method,
    options,
    options.saved && { ...options.saved, header: header?.sampler },
  )
  const saver = new StateSaver(options.onState, () => {
    const state = sampler.state()
    return { ...state, header: { of, spending: { ...spending }, sampler: state.header } }
  })
  try {
    const { status, note, taken, estimate } = await saver.run(() =>
      spendToPrecision(sampler, statistic, options, spending, () => saver.pause()),
    )
    return {
      method,
      estimate,
      trace: estimateOf(traceStatistic, taken),
      squareTrace: estimateOf(squareTraceStatistic, taken),
      ...taken,
      products: sampler.products,
      status,
      note,
    }
  } finally {
    await sampler.release()
  }
}

function createSampler(
  operator: LinearOperator,
  method: TraceMethod,
  options: TraceOptions,
  saved: SolverState | undefined,
): TraceSampler | Promise<TraceSampler> {
  const { stream, probes, precision, distribution = 'signs' } = options
  // What is spent is known without a precision, and nothing grows beyond it.
  const largest = (products: number): number =>
    precision === undefined ? Math.floor(probes / products) : largestSketch
  const common = { operator, stream, capacity: probes, hooks: options, saved }
  switch (method) {
    case 'hutchinson':
      return new HutchinsonSampler({ operator, stream, distribution, hooks: options, saved })
    case 'hutch++':
      return DeflatedSampler.create({ ...common, largestSketch: largest(3) })
    case 'xtrace':
      return ExchangeableSampler.create({ ...common, largestSketch: largest(2) })
  }
}
