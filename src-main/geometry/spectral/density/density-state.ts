import { InputError, ShapeError } from '#base'
import type { Vector, VectorSpace } from '#geometry/operators'
import { LanczosProcess, type LanczosProgress } from '../krylov/lanczos.ts'

/** How far a density estimate is: enough to go on bit by bit. */
export interface DensityState {
  /** Plain data that JSON gives back unchanged. */
  readonly header: unknown
  readonly rows: number
  /** All rows of the probes' bases, one probe after another, `[rows, n]`. */
  readonly vectors: Vector
}

/** What a state belongs to. */
export interface DensityFingerprint {
  readonly probes: number
  readonly steps: number
  readonly size: number
  readonly outliers: readonly number[]
}

interface DensityHeader {
  readonly of: DensityFingerprint
  readonly products: number
  readonly processes: readonly LanczosProgress[]
}

/** Takes down where the probes are. Holds a copy of their bases. */
export function captureDensity(
  space: VectorSpace,
  of: DensityFingerprint,
  products: number,
  processes: readonly LanczosProcess[],
): DensityState {
  const rows = processes.reduce((sum, { basis }) => sum + basis.count, 0)
  const vectors = space.allocate(rows)
  let at = 0
  for (const { basis } of processes) {
    for (let i = 0; i < basis.count; i += 1) {
      basis.readRow(i, vectors.subarray(at * space.size, (at + 1) * space.size))
      at += 1
    }
  }
  const header: DensityHeader = {
    of,
    products,
    processes: processes.map(({ progress }) => progress),
  }
  return { header, rows, vectors }
}

/**
 * Puts the probes back where they were; every process made is put into `processes`.
 *
 * @returns The products made until then.
 * @throws InputError if the state is of another estimate.
 * @throws ShapeError if its vectors are not as many as it says.
 */
export async function restoreDensity(
  space: VectorSpace,
  of: DensityFingerprint,
  state: DensityState,
  processes: LanczosProcess[],
): Promise<number> {
  // Written by `captureDensity`, whose fingerprint comes first: other parts are trusted.
  const header = state.header as Partial<DensityHeader> | null
  const [found, wanted] = [JSON.stringify(header?.of), JSON.stringify(of)]
  if (header?.processes === undefined || header.products === undefined || found !== wanted) {
    throw new InputError('saved', `saved must be a state of ${wanted}, got one of ${found}`)
  }
  if (state.vectors.length !== state.rows * space.size) {
    throw new ShapeError('saved.vectors', `[${state.rows}, ${space.size}]`, [state.vectors.length])
  }
  let at = 0
  for (const progress of header.processes) {
    const rows = state.vectors.subarray(at * space.size, (at + progress.rows) * space.size)
    processes.push(await LanczosProcess.restore(space, of.steps, progress, rows))
    at += progress.rows
  }
  return header.products
}
