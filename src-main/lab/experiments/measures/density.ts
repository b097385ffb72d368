import { monotonicMs } from '#base'
import type { LinearOperator } from '#geometry/operators'
import {
  checkMoments,
  chebyshevMoments,
  compareWithKernelPolynomials,
  estimateDensity,
  findOutliers,
  type DensityResult,
  type KernelPolynomialComparison,
  type MomentCheck,
  type OutliersResult,
} from '#geometry/spectral'
import type { DensityDocument, MeasureSpec, OperatorKind } from '#shared/schemas'
import {
  countNegative,
  jackknifeBand,
  smoothDensity,
  zeroMass,
  type DensityCurve,
} from '#shared/statistics'
import { countProducts, type ProductCount } from './count-products.ts'
import { resumption } from './keep-state.ts'
import { bottomOf, searchBudget } from './outlier-search.ts'
import type { MeasureSite, StateKeeper } from './site.ts'

type DensityMeasure = Extract<MeasureSpec, { kind: 'density' }>

/** Points of the stored density curve. */
const curvePoints = 401

/** Matrices that may have negative eigenvalues; of the others rounding alone makes some. */
const indefinite: ReadonlySet<OperatorKind> = new Set(['hessian', 'residual'])

/** Fresh probes of the check of moments. */
const checkProbes = 8

/** Products of a density at most, its checks and groups included. */
export function densityProducts(measure: DensityMeasure): number {
  const { probes, steps, outliers, resamples, crossCheck } = measure
  const once = probes * steps + (outliers > 0 ? searchBudget(outliers) : 0)
  return once * (1 + resamples) + checkProbes + (crossCheck ? probes * steps : 0)
}

/** The density of one matrix, with the outliers that were taken out of it first. */
interface Estimated {
  readonly density: DensityResult
  readonly outliers: OutliersResult | null
}

async function estimate(
  operator: LinearOperator,
  measure: DensityMeasure,
  site: MeasureSite,
  options: {
    readonly onProgress: (products: number) => void
    readonly state: StateKeeper | undefined
  },
): Promise<Estimated> {
  const { signal } = site
  const { onProgress, state } = options
  const outliers =
    measure.outliers === 0 || operator.size < 2
      ? null
      : await findOutliers(operator, {
          top: measure.outliers,
          bottom: bottomOf(measure.outliers),
          maxProducts: searchBudget(measure.outliers),
          stream: site.streamOf('density outliers'),
          signal,
          onProgress,
        })
  const found = outliers?.products ?? 0
  const density = await estimateDensity(operator, {
    probes: measure.probes,
    steps: measure.steps,
    // The same probes for every group of samples: their noise cancels in the differences.
    stream: site.streamOf('density'),
    outliers: outliers ?? undefined,
    ...resumption(state, 4 * operator.size * measure.probes * measure.steps),
    signal,
    onProgress: (products) => onProgress(found + products),
  })
  return { density, outliers }
}

/** Estimates the spectral density of a site's matrix. */
export async function measureDensity(
  measure: DensityMeasure,
  site: MeasureSite,
): Promise<DensityDocument> {
  const started = monotonicMs()
  const { operator, signal } = site
  const { level, resamples } = measure
  const count = countProducts(site.onProgress)
  const { density, outliers } = await estimate(operator, measure, site, {
    onProgress: count.report,
    state: site.state,
  })
  count.settle((outliers?.products ?? 0) + density.products)
  const curve = smoothDensity(density, {
    coordinate: { kind: 'linear' },
    points: curvePoints,
    level,
  })
  const moments = await checkMoments(operator, density, {
    probes: checkProbes,
    stream: site.streamOf('density check'),
    outliers: outliers ?? undefined,
    signal,
  })
  count.settle(moments.products)
  const comparison = await crossCheck(density, outliers, measure, site, count)
  const isConsistent = moments.passes && (comparison?.agrees ?? true)
  const resampling = resamples === 0 ? null : await resample(curve, measure, site, count)
  const { epsilon } = operator.space
  const canBeNegative = indefinite.has(site.facts.operator)
  return {
    kind: 'density',
    ...site.facts,
    status: isConsistent ? 'estimated' : 'inconsistent',
    note: [
      moments.passes
        ? ''
        : 'The first moments contradict fresh estimates of the traces: this density must not be used. Look at the self-check.',
      comparison === null || comparison.agrees
        ? ''
        : 'The quadrature contradicts the Chebyshev moments of the same probes: this density must not be used. Look at the cross-check.',
      describeSteps(density, measure.steps),
    ]
      .filter((text) => text !== '')
      .join(' '),
    method: describeMethod(measure, outliers),
    cost: { products: count.products, elapsedMs: monotonicMs() - started },
    probes: measure.probes,
    steps: measure.steps,
    nodes: density.nodes.map((row) => [...row]),
    weights: density.weights.map((row) => [...row]),
    weightSum: density.weightSum,
    kernel: { form: 'gaussian', standardDeviation: curve.kernelDeviation },
    grid: [...curve.lambda],
    density: [...curve.density],
    lower: [...curve.lower],
    upper: [...curve.upper],
    moments: {
      mean: density.mean.mean,
      meanStandardError: density.mean.standardError,
      square: density.square.mean,
      squareStandardError: density.square.standardError,
    },
    level,
    atoms: (outliers?.pairs ?? []).map((pair) => ({ ...pair })),
    zero: zeroMass(density, epsilon, level),
    negative: canBeNegative ? { ...countNegative(density, epsilon, level) } : null,
    selfCheck: {
      mean: checkOf(moments.mean),
      square: checkOf(moments.square),
      passes: moments.passes,
    },
    crossCheck:
      comparison === null
        ? null
        : {
            momentDifference: comparison.largestDifference,
            wasserstein: comparison.distance,
            degree: comparison.degree,
            passes: comparison.agrees,
          },
    resampling,
    orthogonalityLoss: density.orthogonalityLoss,
  }
}

/** Compares the quadrature with Chebyshev moments of the same probes, if asked for. */
async function crossCheck(
  density: DensityResult,
  outliers: OutliersResult | null,
  measure: DensityMeasure,
  site: MeasureSite,
  count: ProductCount,
): Promise<KernelPolynomialComparison | null> {
  if (!measure.crossCheck) return null
  const moments = await chebyshevMoments(site.operator, {
    probes: measure.probes,
    steps: density.steps,
    stream: site.streamOf('density'),
    outliers: outliers ?? undefined,
    signal: site.signal,
    onProgress: count.report,
  })
  count.settle(moments.products)
  return compareWithKernelPolynomials(density, moments)
}

/** The band over probes and data, from the densities without one group of samples each. */
async function resample(
  curve: DensityCurve,
  measure: DensityMeasure,
  site: MeasureSite,
  count: ProductCount,
): Promise<DensityDocument['resampling']> {
  const { level, resamples: groups } = measure
  const curves: (readonly number[])[] = []
  for (let group = 0; group < groups; group += 1) {
    const operator = await site.withoutGroup(group, groups)
    try {
      const { density, outliers } = await estimate(operator, measure, site, {
        onProgress: count.report,
        state: undefined,
      })
      count.settle((outliers?.products ?? 0) + density.products)
      curves.push(
        smoothDensity(density, {
          coordinate: { kind: 'linear' },
          points: curvePoints,
          range: [curve.u[0]!, curve.u.at(-1)!],
          kernelDeviation: curve.kernelDeviation,
          level,
        }).density,
      )
    } finally {
      await operator.release()
    }
  }
  const { lower, upper } = jackknifeBand(curve, curves, level)
  return { groups, lower: [...lower], upper: [...upper] }
}

function checkOf({ quadrature, reference, z }: MomentCheck) {
  const estimateOf = ({ mean, standardError }: MomentCheck['quadrature']) => ({
    value: mean,
    standardError,
  })
  return { quadrature: estimateOf(quadrature), reference: estimateOf(reference), z }
}

function describeMethod(measure: DensityMeasure, outliers: OutliersResult | null): string {
  const { probes, steps, level, resamples } = measure
  const first =
    outliers === null ? '' : `${outliers.pairs.length} outliers by Lanczos taken out first; `
  const groups = resamples === 0 ? '' : `; band over data: jackknife over ${resamples} groups`
  return `${first}stochastic Lanczos quadrature, ${probes} spherical probes in lockstep, ${steps} steps, full reorthogonalization, mean of Gauss and anti-Gauss rules; band over probes and steps at ${100 * level} % a point${groups}`
}

/** Says where probes took fewer steps than asked for, because their Krylov space closed. */
function describeSteps({ nodes }: DensityResult, steps: number): string {
  const least = Math.min(...nodes.map((row) => row.length))
  return least < steps
    ? `The Krylov space closed after ${least} of ${steps} steps; the quadrature is exact there, up to rounding.`
    : ''
}
