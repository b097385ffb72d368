import { InputError, type RandomStream } from '#base'
import type { LinearOperator } from '#geometry/operators'
import type { Estimate, Quadrature } from '#shared/statistics'
import { projectOut, requireDeflation, type Deflation } from '../density/deflation.ts'
import { estimateDensity } from '../density/density.ts'
import { findOutliers, outlierProducts, type OutliersResult } from '../density/density-outliers.ts'
import { effectiveDimension } from './effective-dimension.ts'
import { extremeEigenpairs } from '../eigenpairs/eigenpairs.ts'
import type { EigenpairsState } from '../eigenpairs/eigenpairs-state.ts'
import type { Eigenpair } from '../krylov/measure-pairs.ts'
import {
  bulkRatio,
  bulkScale,
  effectiveRank,
  goldilocksStatistic,
  ofPair,
  participationStatistic,
} from './scalars.ts'
import { SolverStages } from '../solver-stages.ts'
import type { ResumeOptions, StateOrigin } from '../solver-state.ts'
import { eigenpairsVectors, traceStateRows } from '../solver-vectors.ts'
import { estimateMoments, type TraceMethod } from './trace.ts'
import {
  defaultBudget,
  describeImprecision,
  isPrecise,
  requireSpending,
  squareTraceStatistic,
  traceStatistic,
  type EstimateStatus,
  type SpendingOptions,
} from './trace-precision.ts'
import type { SamplingHooks } from './trace-sampler.ts'

/** Numbers that sum up a spectrum. */
export type ScalarQuantity =
  | 'square-trace'
  | 'effective-rank'
  | 'participation-ratio'
  | 'effective-dimension'
  | 'bulk-ratio'
  | 'goldilocks-ratio'

/** Settings of {@link measureScalar}. */
export interface ScalarOptions extends SpendingOptions, SamplingHooks, ResumeOptions {
  readonly quantity: ScalarQuantity
  readonly stream: RandomStream
  /** How traces are sampled; the bulk's always by Hutchinson. @default 'xtrace' */
  readonly method?: TraceMethod | undefined
  /** μ of the effective dimension, as a share of the largest |λ|. @default 1e-3 */
  readonly scale?: number | undefined
  /** Lanczos steps of the effective dimension. @default 80 */
  readonly steps?: number | undefined
}

/** A number that sums up a spectrum, with what it was made of. */
export interface ScalarResult {
  /** Null where the quantity is not defined. */
  readonly estimate: Estimate | null
  /** By name; the residual of an eigenvalue stands for its standard error. */
  readonly parts: readonly ({ readonly name: string } & Estimate)[]
  readonly status: EstimateStatus | 'out-of-domain'
  readonly note: string
  /** Name of the algorithm with its settings. */
  readonly method: string
  readonly products: number
}

/** And of one for outliers. */
const outlierBudget = 400

/** Scale of a bulk that is rounding, in units of ε·max |λ|. */
const roundingUnits = 8

/** λmax over the bulk's scale from which it is an outlier. */
const edgeRatio = 2

/** Share of a precision that an eigenvalue may take: in squares a hundredth. */
const eigenvalueShare = 0.1

/** What is left for the other factor: √(1 − 0.01), with a little to spare. */
const otherShare = 0.99

/** Residual of an eigenvalue as a share of it, where no precision is asked. */
const defaultTolerance = 1e-3

/** What is taken where nothing else is said. */
const defaultMethod: TraceMethod = 'xtrace'
const defaultScale = 1e-3
const defaultSteps = 80

/** Probes of a density that spend so many products. */
const probesFor = (products: number, steps: number): number =>
  Math.max(1, Math.round(products / steps))

/** Probes of a density with which a precision is first looked at. */
const firstProbes = 2

/** And that are added at a time at most. */
const probesAtOnce = 8

const names: Readonly<Record<TraceMethod, string>> = {
  hutchinson: 'Hutchinson',
  'hutch++': 'Hutch++',
  xtrace: 'XTrace',
}

/** The operator PAP, with P the projector on the complement of the vectors. */
function deflatedOperator(operator: LinearOperator, outliers: Deflation): LinearOperator {
  const { size, space, preferredRows } = operator
  requireDeflation(space, outliers)
  return {
    size,
    space,
    preferredRows,
    apply: async (input, rows, output) => {
      const inside = input.slice(0, rows * size)
      await projectOut(space, inside, rows, outliers)
      await operator.apply(inside, rows, output)
      await projectOut(space, output, rows, outliers)
    },
  }
}

/**
 * Measures a number that sums up a spectrum, with its standard error, spending products until it is as precise as asked.
 *
 * - `square-trace`: tr A² = ‖A‖_F²
 * - `effective-rank`: tr A/λmax
 * - `participation-ratio`: (tr A)²/tr A²
 * - `effective-dimension`: Σ |λ|/(|λ| + μ)
 * - `bulk-ratio`: λmax over the root mean square of the eigenvalues that are left without the outliers, ten at the top and three at
 *   the bottom at most (see `findOutliers`)
 * - `goldilocks-ratio`: tr A/‖A‖_F
 *
 * Cost: `probes` products for traces or quadratures, or as many as the precision needs; eigenvalues and outliers besides, which
 * count against `maxProducts`. Deterministic for a given stream; a measurement that was interrupted and goes on from its state is
 * bit-equal. What was sampled, λmax and its search are in the state; outliers are searched again.
 *
 * @returns Status `out-of-domain` with no estimate where a divisor is 0, or λmax is not positive.
 * @throws InputError if the settings contradict each other, the budget is too small to say anything, or `saved` is of another
 *   measurement.
 * @throws NonFiniteError if a product is not finite.
 */
export async function measureScalar(
  operator: LinearOperator,
  options: ScalarOptions,
): Promise<ScalarResult> {
  requireSpending(options, 4)
  const noVectors = operator.space.allocate(0)
  const stages = new SolverStages(originOf(operator, options), options, noVectors)
  switch (options.quantity) {
    case 'square-trace':
    case 'participation-ratio':
    case 'goldilocks-ratio':
      return measureMoments(operator, options, options.quantity, stages)
    case 'effective-rank':
      return measureEffectiveRank(operator, options, stages)
    case 'bulk-ratio':
      return measureBulkRatio(operator, options, stages)
    case 'effective-dimension':
      return measureEffectiveDimension(operator, options, stages)
  }
}

/** What a state of a measurement belongs to. */
function originOf({ size, space }: LinearOperator, options: ScalarOptions): StateOrigin {
  const { quantity, probes, precision, maxProducts, method, scale, steps, stream } = options
  return {
    size,
    epsilon: space.epsilon,
    quantity,
    probes,
    precision: precision ?? 'none',
    maxProducts: maxProducts ?? defaultBudget,
    method: method ?? defaultMethod,
    scale: scale ?? defaultScale,
    steps: steps ?? defaultSteps,
    stream: stream.fork('name').nextUint32(),
  }
}

/** Vectors in the state of `measureScalar` at most; infinite where it is too large to be written. */
export function scalarStateRows(
  { size, space: { epsilon } }: LinearOperator,
  options: Omit<ScalarOptions, 'stream'>,
): number {
  const { quantity, probes, precision, maxProducts = defaultBudget } = options
  const method = quantity === 'bulk-ratio' ? 'hutchinson' : (options.method ?? defaultMethod)
  const search = eigenpairsVectors({ size, epsilon, wanted: 1, maxProducts })
  const steps = options.steps ?? defaultSteps
  switch (quantity) {
    case 'square-trace':
    case 'participation-ratio':
    case 'goldilocks-ratio':
      return traceStateRows(method, options)
    case 'effective-rank':
    case 'bulk-ratio':
      return Math.max(search.basis, traceStateRows(method, options))
    case 'effective-dimension':
      return steps * (precision === undefined ? probesFor(probes, steps) : probesAtOnce)
  }
}

async function measureMoments(
  operator: LinearOperator,
  options: ScalarOptions,
  quantity: 'square-trace' | 'participation-ratio' | 'goldilocks-ratio',
  stages: SolverStages,
): Promise<ScalarResult> {
  const method = options.method ?? defaultMethod
  const statistic = {
    'square-trace': squareTraceStatistic,
    'participation-ratio': participationStatistic,
    'goldilocks-ratio': goldilocksStatistic,
  }[quantity]
  const { estimate, trace, squareTrace, products, status, note } = await stages.run((resume) =>
    estimateMoments(operator, statistic, { ...options, ...resume, method }),
  )
  const parts = [
    { name: 'tr A', ...trace },
    { name: 'tr A²', ...squareTrace },
  ]
  const result = { parts, products, method: `${names[method]}, ${products} products` }
  if (quantity !== 'square-trace' && !(squareTrace.mean > 0)) {
    return { ...result, estimate: null, status: 'out-of-domain', note: 'the operator is 0.' }
  }
  return { ...result, estimate, status, note }
}

/** Hooks that count on from products made before. */
const hooksAfter = ({ signal, onProgress }: SamplingHooks, products: number): SamplingHooks => ({
  signal,
  onProgress: onProgress && ((count) => onProgress(products + count)),
})

/** λmax, as precisely as a quotient by or of it needs. */
async function findLargest(
  operator: LinearOperator,
  options: ScalarOptions,
  before: number,
  { saved, onState }: ResumeOptions,
): Promise<{ pair: Eigenpair; products: number; note: string }> {
  const { precision, maxProducts = defaultBudget } = options
  const budget = maxProducts - before
  if (budget < 4) {
    throw new InputError(
      'maxProducts',
      `maxProducts must be ${before + 4} or more here, got ${maxProducts}`,
    )
  }
  const { top, products, status, note } = await extremeEigenpairs(operator, {
    top: 1,
    bottom: 0,
    tolerance: Math.min(defaultTolerance, eigenvalueShare * (precision ?? 1)),
    maxProducts: budget,
    blockSize: 1,
    stream: options.stream.fork('largest'),
    // Written by this search, in this stage: its shape is trusted.
    saved: saved as EigenpairsState | undefined,
    onState,
    ...hooksAfter(options, before),
  })
  return { pair: top[0]!, products, note: status === 'converged' ? '' : `λmax: ${note}` }
}

/** What is left of the precision and the budget, products made. */
function remaining(options: ScalarOptions, products: number): SpendingOptions {
  const { probes, precision, maxProducts = defaultBudget } = options
  if (precision === undefined) return { probes }
  const left = maxProducts - products
  return {
    probes: Math.max(4, Math.min(probes, left)),
    precision: otherShare * precision,
    maxProducts: Math.max(4, left),
  }
}

/** How a quotient ended: as its errors together say, if what was searched for was found. */
function judge(
  estimate: Estimate,
  { precision }: ScalarOptions,
  products: number,
  shortfalls: readonly string[],
): Pick<ScalarResult, 'status' | 'note'> {
  const note = shortfalls.filter((text) => text !== '').join(' ')
  if (note !== '') return { status: 'not-converged', note }
  if (precision === undefined) return { status: 'estimated', note }
  return isPrecise(estimate, precision)
    ? { status: 'converged', note }
    : { status: 'not-converged', note: describeImprecision(estimate, precision, products) }
}

async function measureEffectiveRank(
  operator: LinearOperator,
  options: ScalarOptions,
  stages: SolverStages,
): Promise<ScalarResult> {
  const method = options.method ?? defaultMethod
  const largest = await stages.run((resume) => findLargest(operator, options, 0, resume))
  const moments = await stages.run((resume) =>
    estimateMoments(operator, traceStatistic, {
      ...remaining(options, largest.products),
      ...hooksAfter(options, largest.products),
      ...resume,
      method,
      stream: options.stream.fork('trace'),
    }),
  )
  const products = largest.products + moments.products
  const result = {
    parts: [
      { name: 'tr A', ...moments.trace },
      { name: 'λmax', ...ofPair(largest.pair) },
    ],
    method: `${names[method]}, ${moments.products} products; Lanczos, ${largest.products} products`,
    products,
  }
  if (!(largest.pair.value > 0)) {
    const note = 'the largest eigenvalue is not positive.'
    return { ...result, estimate: null, status: 'out-of-domain', note }
  }
  const estimate = effectiveRank(moments.trace, largest.pair)
  const ending = judge(estimate, options, products, [largest.note])
  return { ...result, estimate, ...ending }
}

async function measureBulkRatio(
  operator: LinearOperator,
  options: ScalarOptions,
  stages: SolverStages,
): Promise<ScalarResult> {
  const outliers = await findOff(operator, options)
  const largest = await stages.run((resume) =>
    findLargest(operator, options, outliers.products, resume),
  )
  const before = outliers.products + largest.products
  const spending = remaining(options, before)
  const moments = await stages.run((resume) =>
    estimateMoments(deflatedOperator(operator, outliers), squareTraceStatistic, {
      ...spending,
      // Its root is wanted: half the relative error.
      precision: spending.precision === undefined ? undefined : 2 * spending.precision,
      ...hooksAfter(options, before),
      ...resume,
      method: 'hutchinson',
      stream: options.stream.fork('bulk'),
    }),
  )
  const products = before + moments.products
  const count = outliers.values.length
  const scale = bulkScale(moments.squareTrace, operator.size - count)
  const result = {
    parts: [
      { name: 'λmax', ...ofPair(largest.pair) },
      { name: 'bulk', ...scale },
      { name: 'outliers', mean: count, standardError: 0 },
    ],
    method: `Lanczos, ${before} products; Hutchinson without ${count} outliers, ${moments.products} products`,
    products,
  }
  const top = Math.max(...[largest.pair.value, ...outliers.values].map(Math.abs))
  // What rounding leaves of the outliers is no bulk.
  const hasBulk = scale.mean > roundingUnits * operator.space.epsilon * top
  if (!hasBulk || !(largest.pair.value > 0)) {
    const note = hasBulk
      ? 'the largest eigenvalue is not positive.'
      : 'no eigenvalue is left beside the outliers but 0.'
    return { ...result, estimate: null, status: 'out-of-domain', note }
  }
  const estimate = bulkRatio(largest.pair, scale)
  const isOut = outliers.values.some(
    (value) => Math.abs(value - largest.pair.value) <= 2 * defaultTolerance * largest.pair.value,
  )
  const missed =
    isOut || estimate.mean <= edgeRatio
      ? ''
      : 'λmax stands out, but was not found to the tolerance at which outliers are taken out of the bulk. Try a larger budget.'
  const ending = judge(estimate, options, products, [largest.note, missed])
  return { ...result, estimate, ...ending }
}

/** The outliers that a bulk or a density does without: a search with the budget that is left for it. */
async function findOff(operator: LinearOperator, options: ScalarOptions): Promise<OutliersResult> {
  const { precision, maxProducts = defaultBudget } = options
  // As much again is for what follows.
  const least = 2 * outlierProducts()
  if (!(maxProducts >= least)) {
    throw new InputError(
      'maxProducts',
      `maxProducts must be ${least} or more here, got ${maxProducts}`,
    )
  }
  return findOutliers(operator, {
    tolerance: Math.min(defaultTolerance, eigenvalueShare * (precision ?? 1)),
    maxProducts: Math.min(outlierBudget, Math.floor(maxProducts / 2)),
    stream: options.stream.fork('outliers'),
    signal: options.signal,
    onProgress: options.onProgress,
  })
}

type QuadratureRows = Pick<Quadrature, 'nodes' | 'weights'>

async function measureEffectiveDimension(
  operator: LinearOperator,
  options: ScalarOptions,
  stages: SolverStages,
): Promise<ScalarResult> {
  const { probes, precision, maxProducts = defaultBudget, stream } = options
  // An outlier is one eigenvalue of full weight, on which a random probe errs by √2 of it.
  const outliers = await findOff(operator, options)
  const left = precision === undefined ? Infinity : maxProducts - outliers.products
  const steps = Math.min(
    options.steps ?? defaultSteps,
    operator.size - outliers.values.length,
    left,
  )
  const share = options.scale ?? defaultScale
  let products = outliers.products
  const atoms = outliers.pairs
  const run = async (count: number, round: number): Promise<QuadratureRows> => {
    const rows = await stages.run(async (resume) => {
      const result = await estimateDensity(operator, {
        probes: count,
        steps,
        outliers,
        stream: stream.fork('density', round),
        ...hooksAfter(options, products),
        ...resume,
      })
      return { nodes: result.nodes, weights: result.weights, products: result.products }
    })
    products += rows.products
    return rows
  }
  const first =
    precision === undefined
      ? probesFor(probes, steps)
      : Math.min(firstProbes, Math.floor(left / steps))
  let { nodes, weights } = await run(first, 0)
  for (let round = 1; ; round += 1) {
    const size = [...nodes.flat(), ...atoms.map(({ value }) => value)].reduce(
      (most, value) => Math.max(most, Math.abs(value)),
      0,
    )
    const result = {
      parts: [
        { name: 'μ', mean: share * size, standardError: 0 },
        { name: 'outliers', mean: atoms.length, standardError: 0 },
      ],
      method:
        `Lanczos, ${outliers.products} products; stochastic Lanczos quadrature without ${atoms.length} outliers, ` +
        `${nodes.length} ${nodes.length === 1 ? 'probe' : 'probes'} of ${steps} steps`,
      products,
    }
    if (size === 0) {
      return { ...result, estimate: null, status: 'out-of-domain', note: 'the operator is 0.' }
    }
    const { resolutionError, samplingError, mean, standardError } = effectiveDimension(
      { nodes, weights, atoms, dimension: operator.size, steps },
      share * size,
    )
    const estimate = { mean, standardError }
    if (precision === undefined) return { ...result, estimate, status: 'estimated', note: '' }
    if (isPrecise(estimate, precision)) {
      return { ...result, estimate, status: 'converged', note: '' }
    }
    const isUnresolved = resolutionError >= precision * mean
    const allowed = (precision * mean) ** 2 - resolutionError ** 2
    const wanted = Math.ceil(nodes.length * (samplingError ** 2 / allowed)) - nodes.length
    const added = Math.min(Math.max(1, wanted), Math.floor((maxProducts - products) / steps))
    if (isUnresolved || added < 1) {
      const note = isUnresolved
        ? `${steps} Lanczos steps leave an error of ${resolutionError.toPrecision(2)}; take more of them, or a larger scale.`
        : describeImprecision(estimate, precision, products)
      return { ...result, estimate, status: 'not-converged', note }
    }
    const more = await run(Math.min(added, probesAtOnce), round)
    nodes = [...nodes, ...more.nodes]
    weights = [...weights, ...more.weights]
  }
}
