import { createStream, monotonicMs } from '#base'
import type { HessianOperator } from '#geometry/curvature'
import { estimateDensity, estimateTrace, extremeEigenpairs } from '#geometry/spectral'
import type { MeasureSpec, MeasurementDocument } from '#shared/schemas'
import { smoothDensity } from '#shared/statistics'

/** What a measurement is made on. */
export interface MeasureOptions {
  readonly operator: HessianOperator
  /** Position in the spec's list. */
  readonly index: number
  readonly seed: number
  /** Samples the mean loss runs over. */
  readonly sampleCount: number
  /** Training step of the parameters. */
  readonly step: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** Hessian-vector products a measurement will take, at most. */
export function forecastProducts(measure: MeasureSpec): number {
  switch (measure.kind) {
    case 'eigenpairs':
      return measure.maxProducts
    case 'trace':
      return measure.probes
    case 'density':
      return measure.probes * measure.steps
  }
}

/** Points of the stored density curve. */
const curvePoints = 401

type Common = Pick<
  MeasurementDocument,
  'index' | 'seed' | 'parameterCount' | 'sampleCount' | 'step'
>

/**
 * Measures one quantity of the Hessian and says how: method, seed, cost, uncertainty, status.
 *
 * Deterministic for equal operator, spec and seed: the random vectors come from streams named by seed and
 * position.
 */
export async function measureHessian(
  measure: MeasureSpec,
  options: MeasureOptions,
): Promise<MeasurementDocument> {
  const { operator, index, seed, sampleCount, step } = options
  const common: Common = { index, seed, parameterCount: operator.size, sampleCount, step }
  switch (measure.kind) {
    case 'eigenpairs':
      return measureEigenpairs(measure, common, options)
    case 'trace':
      return measureTrace(measure, common, options)
    case 'density':
      return measureDensity(measure, common, options)
  }
}

const streamOf = ({ seed, index }: MeasureOptions, kind: string) =>
  createStream(seed, 'measure', index, kind)

async function measureEigenpairs(
  measure: Extract<MeasureSpec, { kind: 'eigenpairs' }>,
  common: Common,
  options: MeasureOptions,
): Promise<MeasurementDocument> {
  const started = monotonicMs()
  const result = await extremeEigenpairs(options.operator, {
    ...measure,
    stream: streamOf(options, 'eigenpairs'),
    signal: options.signal,
    onProgress: options.onProgress,
  })
  return {
    kind: 'eigenpairs',
    ...common,
    status: result.status,
    note: result.note,
    method: `thick-restart Lanczos, full reorthogonalization, basis of ${result.depth}, check for multiple eigenvalues`,
    cost: { products: result.products, elapsedMs: monotonicMs() - started },
    tolerance: measure.tolerance,
    top: result.top.map((pair) => ({ ...pair })),
    bottom: result.bottom.map((pair) => ({ ...pair })),
    orthogonalityLoss: result.orthogonalityLoss,
  }
}

async function measureTrace(
  measure: Extract<MeasureSpec, { kind: 'trace' }>,
  common: Common,
  options: MeasureOptions,
): Promise<MeasurementDocument> {
  const started = monotonicMs()
  const { trace, products } = await estimateTrace(options.operator, {
    probes: measure.probes,
    stream: streamOf(options, 'trace'),
    signal: options.signal,
    onProgress: options.onProgress,
  })
  return {
    kind: 'trace',
    ...common,
    status: 'estimated',
    note: '',
    method: 'Hutchinson, Rademacher probes; standard error over probes',
    cost: { products, elapsedMs: monotonicMs() - started },
    value: trace.mean,
    standardError: trace.standardError,
    probes: measure.probes,
  }
}

async function measureDensity(
  measure: Extract<MeasureSpec, { kind: 'density' }>,
  common: Common,
  options: MeasureOptions,
): Promise<MeasurementDocument> {
  const started = monotonicMs()
  const result = await estimateDensity(options.operator, {
    probes: measure.probes,
    steps: measure.steps,
    stream: streamOf(options, 'density'),
    signal: options.signal,
    onProgress: options.onProgress,
  })
  const curve = smoothDensity(result, { coordinate: { kind: 'linear' }, points: curvePoints })
  return {
    kind: 'density',
    ...common,
    status: 'estimated',
    note: describeSteps(result.nodes, measure.steps),
    method: `stochastic Lanczos quadrature, ${measure.probes} spherical probes in lockstep, ${measure.steps} steps, full reorthogonalization; band: mean ± 2 standard errors over probes`,
    cost: { products: result.products, elapsedMs: monotonicMs() - started },
    probes: measure.probes,
    steps: measure.steps,
    nodes: result.nodes.map((row) => [...row]),
    weights: result.weights.map((row) => [...row]),
    weightSum: result.weightSum,
    kernel: { form: 'gaussian', standardDeviation: curve.kernelDeviation },
    grid: [...curve.lambda],
    density: [...curve.density],
    lower: [...curve.lower],
    upper: [...curve.upper],
    moments: {
      mean: result.mean.mean,
      meanStandardError: result.mean.standardError,
      square: result.square.mean,
      squareStandardError: result.square.standardError,
    },
  }
}

/** Says where probes took fewer steps than asked for, because their Krylov space closed. */
function describeSteps(nodes: readonly (readonly number[])[], steps: number): string {
  const least = Math.min(...nodes.map((row) => row.length))
  return least < steps
    ? `The Krylov space closed after ${least} of ${steps} steps; the quadrature is exact there, up to rounding.`
    : ''
}
