import { monotonicMs, throwIfStopped, type RandomStream } from '#base'
import type { LinearOperator, Vector } from '#geometry/operators'
import { quadratureMoment, type Estimate, type Quadrature } from '#shared/statistics'
import { fillProbes, projectOut, requireDeflation, type Deflation } from './deflation.ts'
import { captureDensity, restoreDensity, type DensityState } from './density-state.ts'
import { LanczosProcess } from '../krylov/lanczos.ts'
import type { Eigenpair } from '../krylov/measure-pairs.ts'
import { quadratureTridiagonal } from '../krylov/tridiagonal.ts'

/** Settings of {@link estimateDensity}. */
export interface DensityOptions {
  /** Probe vectors n_v, 1 or more. */
  readonly probes: number
  /** Lanczos steps m; capped at the dimension of the probes' space. */
  readonly steps: number
  readonly stream: RandomStream
  /** Converged eigenpairs that are counted as they are and kept out of the probes; default: none. */
  readonly outliers?: Deflation | undefined
  /** A state of an estimate with the same operator and settings, to go on from. */
  readonly saved?: DensityState | undefined
  /** Where the state goes, every so many milliseconds and before a stop by the signal. */
  readonly onState?:
    { readonly everyMs: number; readonly save: (state: DensityState) => Promise<void> } | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((products: number) => void) | undefined
}

/** The spectral density as quadratures, one a probe, and atoms. */
export interface DensityResult extends Quadrature {
  /** Ritz values θ, ascending, one row a probe. */
  readonly nodes: readonly (readonly number[])[]
  /** Weights τ of the nodes; each row sums to 1. */
  readonly weights: readonly (readonly number[])[]
  /** The outliers given, each of weight 1/n; rows stand for the other eigenvalues. */
  readonly atoms: readonly Eigenpair[]
  /** n. */
  readonly dimension: number
  /** Lanczos steps m of each probe that did not close earlier. */
  readonly steps: number
  /** Σ τ averaged over probes. */
  readonly weightSum: number
  /** tr A/n. */
  readonly mean: Estimate
  /** tr A²/n. */
  readonly square: Estimate
  readonly products: number
  /** max |QᵀQ − I| over the probes' bases, and of their inner products with the outliers' vectors. */
  readonly orthogonalityLoss: number
}

/**
 * Estimates the spectral density by stochastic Lanczos quadrature.
 *
 * For a unit probe v, Σₖ τₖ f(θₖ) = vᵀ f(A) v exactly for polynomials f of degree ≤ 2m − 1; over uniform
 * directions v its mean is tr f(A)/n.
 *
 * Outliers, k converged eigenpairs, are counted exactly: probes and their Krylov vectors live in the complement of their vectors,
 * so the density is Σ δ(λ)/n + (n − k)/n · the mean of the quadratures. A random probe weighs a single eigenvalue with a relative
 * error of √2, which is most of the error where a few eigenvalues are far larger than the rest.
 *
 * All probes run in lockstep, one block application a step, each with its own basis and full
 * reorthogonalization; a probe whose Krylov space closes stops being applied.
 *
 * Cost: n_v·m applications; (n_v·m + k)·n numbers held, and n_v·m·n more while a state is saved. Deterministic for a
 * given stream; an estimate that was interrupted and goes on from its state is bit-equal.
 *
 * @param options.outliers - Vectors orthonormal; not checked beyond their shape, see `checkMoments`.
 * @throws InputError or ShapeError if the outliers or the saved state do not fit.
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
  const { probes, stream, signal, onState } = options
  const outliers: Deflation = options.outliers ?? { values: [], vectors: space.allocate(0) }
  requireDeflation(space, outliers)
  const steps = Math.min(options.steps, size - outliers.values.length)
  const fingerprint = { probes, steps, size, outliers: outliers.values }
  let products = 0
  if (options.saved !== undefined) {
    products = await restoreDensity(space, fingerprint, options.saved, processes)
  } else {
    for (let probe = 0; probe < probes; probe += 1) {
      const start = space.allocate(1)
      await fillProbes(space, start, 1, { stream, first: probe, outliers })
      processes.push(await LanczosProcess.create(space, steps, start))
    }
  }
  const save = async (): Promise<void> =>
    onState?.save(captureDensity(space, fingerprint, products, processes))

  const stayInside =
    outliers.values.length === 0
      ? undefined
      : (w: Vector): Promise<void> => projectOut(space, w, 1, outliers)
  const block = space.allocate(probes)
  const product = space.allocate(probes)
  const row = (buffer: Vector, i: number): Vector => buffer.subarray(i * size, (i + 1) * size)
  let savedAt = monotonicMs()
  for (;;) {
    const active = processes.filter(
      ({ hasClosed, diagonal }) => !hasClosed && diagonal.length < steps,
    )
    if (active.length === 0) break
    if (signal?.aborted === true) await save()
    throwIfStopped(signal)
    active.forEach((process, i) => {
      process.readCurrent(row(block, i))
    })
    await operator.apply(block, active.length, product)
    await projectOut(space, product, active.length, outliers)
    for (const [i, process] of active.entries()) await process.absorb(row(product, i), stayInside)
    products += active.length
    options.onProgress?.(products)
    if (onState !== undefined && monotonicMs() - savedAt >= onState.everyMs) {
      await save()
      savedAt = monotonicMs()
    }
  }

  const rows = processes.map(({ diagonal, offDiagonal }) =>
    quadratureTridiagonal(diagonal, offDiagonal),
  )
  const quadrature = {
    nodes: rows.map(({ nodes }) => nodes),
    weights: rows.map(({ weights }) => weights),
    atoms: outliers.values.map((value, i) => ({
      value,
      residual: outliers.residuals?.[i] ?? 0,
    })),
    dimension: size,
    steps,
  }
  return {
    ...quadrature,
    weightSum: rows.flatMap(({ weights }) => weights).reduce((sum, w) => sum + w, 0) / probes,
    mean: quadratureMoment(quadrature, 1),
    square: quadratureMoment(quadrature, 2),
    products,
    orthogonalityLoss: await measureLoss(processes, outliers),
  }
}

/** max |QᵀQ − I| over the bases and |QVᵀ| with the outliers' vectors V. */
async function measureLoss(
  processes: readonly LanczosProcess[],
  { values, vectors }: Deflation,
): Promise<number> {
  let loss = 0
  for (const { basis } of processes) {
    loss = Math.max(loss, await basis.orthogonalityLoss())
    for (let i = 0; i < basis.count && values.length > 0; i += 1) {
      const parts = await basis.space.innerProducts(basis.row(i), 1, vectors, values.length)
      loss = parts.reduce((worst, part) => Math.max(worst, Math.abs(part)), loss)
    }
  }
  return loss
}
