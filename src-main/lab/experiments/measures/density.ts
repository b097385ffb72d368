import { monotonicMs } from '#base'
import { estimateDensity } from '#geometry/spectral'
import type { DensityDocument, MeasureSpec } from '#shared/schemas'
import { smoothDensity } from '#shared/statistics'
import type { MeasureSite } from './site.ts'

/** Points of the stored density curve. */
const curvePoints = 401

/** Estimates the spectral density of a site's matrix. */
export async function measureDensity(
  measure: Extract<MeasureSpec, { kind: 'density' }>,
  site: MeasureSite,
): Promise<DensityDocument> {
  const started = monotonicMs()
  const result = await estimateDensity(site.operator, {
    probes: measure.probes,
    steps: measure.steps,
    stream: site.streamOf('density'),
    signal: site.signal,
    onProgress: site.onProgress,
  })
  const curve = smoothDensity(result, { coordinate: { kind: 'linear' }, points: curvePoints })
  return {
    kind: 'density',
    ...site.facts,
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
    level: null,
    atoms: [],
    zero: null,
    negative: null,
    selfCheck: null,
    crossCheck: null,
    resampling: null,
    orthogonalityLoss: result.orthogonalityLoss,
  }
}

/** Says where probes took fewer steps than asked for, because their Krylov space closed. */
function describeSteps(nodes: readonly (readonly number[])[], steps: number): string {
  const least = Math.min(...nodes.map((row) => row.length))
  return least < steps
    ? `The Krylov space closed after ${least} of ${steps} steps; the quadrature is exact there, up to rounding.`
    : ''
}
