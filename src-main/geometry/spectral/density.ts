import { fillNormal, throwIfStopped, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { meanAndStandardError, type Estimate } from '#shared/statistics'
import { LanczosProcess } from './lanczos.ts'
import { quadratureTridiagonal } from './tridiagonal.ts'

/** Settings of {@link estimateDensity}. */
export interface DensityOptions {
  /** Probe vectors n_v, 1 or more (2 for an error band). */
  readonly probes: number
  /** Lanczos steps m; capped at n. */
  readonly steps: number
  readonly stream: RandomStream
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** The spectral density as quadratures, one a probe. */
export interface DensityResult {
  /** Ritz values θ, ascending, one row a probe. */
  readonly nodes: readonly (readonly number[])[]
  /** Weights τ of the nodes; each row sums to 1. */
  readonly weights: readonly (readonly number[])[]
  /** Σ τ averaged over probes. */
  readonly weightSum: number
  /** Σ τθ: estimates tr A / n. */
  readonly mean: Estimate
  /** Σ τθ²: estimates tr A² / n. */
  readonly square: Estimate
  readonly products: number
  /** max |QᵀQ − I| over the probes' bases. */
  readonly orthogonalityLoss: number
}

/**
 * Estimates the spectral density by stochastic Lanczos quadrature.
 *
 * For a unit probe v, Σₖ τₖ f(θₖ) = vᵀ f(A) v exactly for polynomials f of degree ≤ 2m − 1; over uniform
 * directions v its mean is tr f(A)/n.
 *
 * All probes run in lockstep, one block application a step, each with its own basis and full
 * reorthogonalization; a probe whose Krylov space closes stops being applied.
 *
 * Cost: n_v·m applications; n_v·m·n numbers held. Deterministic for a given stream.
 *
 * @throws NonFiniteError naming the step, if a product is not finite.
 * @see Ubaru, Chen and Saad, Fast estimation of tr(f(A)) via stochastic Lanczos quadrature (2017)
 */
export async function estimateDensity(
  operator: LinearOperator,
  options: DensityOptions,
): Promise<DensityResult> {
  const processes: LanczosProcess[] = []
  try {
    return await runProbes(operator, options, processes)
  } finally {
    for (const { basis } of processes) await basis.release()
  }
}

/** Runs the probes; every process it starts is put into `processes`. */
async function runProbes(
  operator: LinearOperator,
  options: DensityOptions,
  processes: LanczosProcess[],
): Promise<DensityResult> {
  const { size, space } = operator
  const { probes, stream, signal } = options
  const steps = Math.min(options.steps, size)
  for (let probe = 0; probe < probes; probe += 1) {
    const start = space.allocate(1)
    fillNormal(start, stream.fork('probe', probe))
    processes.push(await LanczosProcess.create(space, steps, start))
  }
  const block = space.allocate(probes)
  const product = space.allocate(probes)
  const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
  let products = 0
  for (let step = 0; step < steps; step += 1) {
    throwIfStopped(signal)
    const active = processes.filter((process) => !process.hasClosed)
    if (active.length === 0) break
    active.forEach((process, i) => {
      process.readCurrent(row(block, i))
    })
    await operator.apply(block, active.length, product)
    for (const [i, process] of active.entries()) await process.absorb(row(product, i))
    products += active.length
    options.onProgress?.(products)
  }

  const quadratures = processes.map(({ diagonal, offDiagonal }) =>
    quadratureTridiagonal(diagonal, offDiagonal),
  )
  const moment = (power: number): number[] =>
    quadratures.map(({ nodes, weights }) =>
      nodes.reduce((sum, node, k) => sum + weights[k]! * node ** power, 0),
    )
  let orthogonalityLoss = 0
  for (const { basis } of processes) {
    orthogonalityLoss = Math.max(orthogonalityLoss, await basis.orthogonalityLoss())
  }
  return {
    nodes: quadratures.map(({ nodes }) => nodes),
    weights: quadratures.map(({ weights }) => weights),
    weightSum: meanAndStandardError(moment(0)).mean,
    mean: meanAndStandardError(moment(1)),
    square: meanAndStandardError(moment(2)),
    products,
    orthogonalityLoss,
  }
}
