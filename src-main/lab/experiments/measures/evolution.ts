import { monotonicMs } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'
import {
  chanceShare,
  countOutliers,
  extremeEigenpairs,
  gradientShare,
  principalAngles,
  subspaceOverlap,
} from '#geometry/spectral'
import type {
  EvolutionDocument,
  EvolutionRow,
  MeasurementStatus,
  MeasureSpec,
} from '#shared/schemas'
import { blockSizeOf } from './block-size.ts'
import { countProducts } from './count-products.ts'
import type { MeasureSite } from './site.ts'

type EvolutionMeasure = Extract<MeasureSpec, { kind: 'evolution' }>

/** Snapshots in order of their steps, the last the network that training ended with; one site is good at a time. */
export interface Snapshots {
  readonly steps: readonly number[]
  at(step: number): Promise<MeasureSite>
}

/** What one snapshot leaves to the next. */
interface Progress {
  readonly rows: readonly EvolutionRow[]
  /** Leading eigenvectors of the last row, `[dimension, n]`. */
  readonly leading: Float32Array
}

/** The worst that a row ended with. */
const overallStatus = (rows: readonly EvolutionRow[]): MeasurementStatus =>
  rows.every(({ status }) => status === 'converged') ? 'converged' : 'not-converged'

async function measureSnapshot(
  measure: EvolutionMeasure,
  site: MeasureSite,
  previous: Progress | null,
  onProgress: (products: number) => void,
): Promise<{ readonly row: EvolutionRow; readonly leading: Float32Array }> {
  const { operator, signal } = site
  const { space, size } = operator
  const { step } = site.facts
  const result = await extremeEigenpairs(operator, {
    top: measure.top,
    bottom: measure.bottom,
    tolerance: measure.tolerance,
    maxProducts: measure.maxProducts,
    blockSize: blockSizeOf(measure),
    stream: site.streamOf(`evolution ${step}`),
    // From one snapshot to the next the leading space turns slowly.
    start:
      previous === null
        ? undefined
        : { vectors: previous.leading, count: previous.leading.length / size },
    signal,
    onProgress,
  })
  const dimension = result.top.length
  const leading = Float32Array.from(result.vectors.subarray(0, dimension * size))
  const gradient: Vector = await site.gradient()
  const { share, pValue } = await gradientShare(space, gradient, leading, dimension)
  const turned = previous === null ? null : await turnOf(space, leading, previous.leading)
  const outliers = countOutliers(result.top.map(({ value }) => value))
  const row: EvolutionRow = {
    step,
    status: result.status,
    top: result.top.map((pair) => ({ ...pair })),
    bottom: result.bottom.map((pair) => ({ ...pair })),
    products: result.products,
    gradientNorm: await space.norm(gradient),
    gradientShare: share,
    gradientShareP: pValue,
    angles: turned?.angles ?? null,
    overlap: turned?.overlap ?? null,
    outliers: outliers.count,
    gapRatio: outliers.gapRatio,
  }
  return { row, leading }
}

/** How a leading space lies to the one before. */
async function turnOf(
  space: VectorSpace,
  now: Vector,
  before: Vector,
): Promise<{ readonly angles: number[]; readonly overlap: number }> {
  const [k, l] = [now.length / space.size, before.length / space.size]
  const { angles } = await principalAngles(space, now, before, k, l)
  const { value } = await subspaceOverlap(space, now, before, k, l)
  return { angles: [...angles], overlap: value }
}

/**
 * Follows the extreme eigenvalues of a matrix and the space of the leading ones through the snapshots of a training, each
 * search starting from the vectors of the snapshot before. What is done is written after every snapshot.
 */
export async function measureEvolution(
  measure: EvolutionMeasure,
  snapshots: Snapshots,
): Promise<EvolutionDocument> {
  const started = monotonicMs()
  const { steps } = snapshots
  const home = await snapshots.at(steps.at(-1)!)
  const { facts, classCount } = home
  const { size } = home.operator
  const count = countProducts(home.onProgress)
  const saved = home.state?.load() ?? null
  let progress: Progress | null =
    saved === null
      ? null
      : {
          rows: (saved.header as { rows: EvolutionRow[] }).rows,
          leading: Float32Array.from(saved.vectors),
        }
  count.settle(progress?.rows.reduce((sum, { products }) => sum + products, 0) ?? 0)
  for (const step of steps.slice(progress?.rows.length ?? 0)) {
    const site = await snapshots.at(step)
    const { row, leading } = await measureSnapshot(measure, site, progress, count.report)
    count.settle(row.products)
    progress = { rows: [...(progress?.rows ?? []), row], leading }
    home.state?.save({
      header: { rows: progress.rows },
      rows: row.top.length,
      vectors: leading,
    })
  }
  const rows = progress?.rows ?? []
  const dimension = rows[0]?.top.length ?? 0
  const { chance, chanceQuantile } = chanceShare(size, dimension)
  const late = rows.filter(({ status }) => status !== 'converged')
  return {
    kind: 'evolution',
    ...facts,
    status: overallStatus(rows),
    note:
      late.length === 0
        ? ''
        : `The eigenvalues of ${late.length} of ${rows.length} snapshots have not converged (step ${late.map(({ step }) => step).join(', ')}). Try a larger budget or tolerance.`,
    method: `thick-restart Lanczos at each of ${rows.length} snapshots, from the vectors of the one before; principal angles by Björck and Golub; outliers by the largest ratio of neighbors`,
    cost: { products: count.products, elapsedMs: monotonicMs() - started },
    tolerance: measure.tolerance,
    rows: [...rows],
    dimension,
    chance: { gradientShare: chance, gradientShare95: chanceQuantile, overlap: dimension / size },
    classCount,
  }
}
