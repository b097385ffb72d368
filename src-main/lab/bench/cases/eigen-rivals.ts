import type { PeerSolver } from '../peer/messages.ts'

/** Settings of a library's solver; null is its own default. */
export type RivalSettings = Readonly<Record<string, number | null>>

/** Another library's search for the largest eigenvalues. */
export interface EigenRival {
  readonly name: string
  readonly solver: PeerSolver
  /** From the cheapest on; the first that gives what is asked takes part. */
  readonly candidates: readonly RivalSettings[]
}

/** Krylov vectors of ARPACK where its default, max(2k + 1, 20), is too few. */
const manyVectors = 100

/** Lanczos steps of a library that neither restarts nor stops. */
const depths = [20, 40, 80, 120, 160, 240, 320, 480]

/**
 * The rivals with settings that are kind to them.
 *
 * ARPACK's tolerance is relative to each value, so the residual asked of the smallest, relative to the largest, allows
 * more: that is tried first, then the tolerance itself.
 *
 * @param reference - The true values, descending.
 */
export function eigenRivals(reference: readonly number[], tolerance: number): EigenRival[] {
  const [largest, least] = [reference[0]!, reference.at(-1)!]
  const loose = least > 0 ? (tolerance * largest) / least : tolerance
  const arpack = (ncv: number | null): RivalSettings[] => [
    { ncv, tol: loose },
    { ncv, tol: tolerance },
  ]
  return [
    { name: 'curvlinops, eigsh', solver: 'curvlinops-eigsh', candidates: arpack(null) },
    {
      name: `curvlinops, eigsh ncv ${manyVectors}`,
      solver: 'curvlinops-eigsh',
      candidates: arpack(manyVectors),
    },
    { name: 'PyTorch graph, eigsh', solver: 'torch-eigsh', candidates: arpack(null) },
    {
      name: `PyTorch graph, eigsh ncv ${manyVectors}`,
      solver: 'torch-eigsh',
      candidates: arpack(manyVectors),
    },
    { name: 'PyHessian', solver: 'pyhessian', candidates: [{}] },
    {
      name: 'hessian-eigenthings',
      solver: 'eigenthings',
      candidates: depths.map((depth) => ({ depth })),
    },
  ]
}

/** How settings are written in a report. */
export const settingsText = (settings: RivalSettings): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value === null ? 'default' : Number(value.toPrecision(3))}`)
    .join(', ') || 'defaults'
