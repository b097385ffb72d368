import { InputError, isoNow, monotonicMs } from '#base'
import { onnxRuntime, type Runtime } from '#tensor/runtime'
import { Peer } from '../peer/peer.ts'
import { describeMachine, describeVersions, loadNow } from '../site.ts'
import type { CaseReport, DensityReport, Top10Report } from './case-report.ts'
import { measureDensity, type DensityProblem } from './measure-density.ts'
import { measureTop10, type Top10Problem } from './measure-top10.ts'

/** What whole measurements are compared on. */
export const benchCases = ['top10', 'density'] as const
export type BenchCase = (typeof benchCases)[number]

/** Which cases, and against whom. */
export interface CaseOptions {
  readonly cases: readonly BenchCase[]
  readonly problems: readonly Top10Problem[]
  readonly density: DensityProblem
  /** Runs of each contestant that is right. */
  readonly rounds: number
  /** A Python with PyTorch and libraries, and the script it runs; null measures ours alone. */
  readonly peer: { readonly python: string; readonly script: string } | null
  readonly version: string
  readonly runtime?: Runtime | undefined
  readonly signal?: AbortSignal | undefined
  /** One line a stage. */
  readonly onProgress: (text: string) => void
}

const seed = 0

/**
 * Measures whole searches and densities, against libraries in turns if there is a peer.
 *
 * @throws InputError if the peer cannot be started.
 * @throws DisagreementError if the two sides do not compute the same.
 * @throws PeerError if the peer breaks off.
 * @throws StoppedError if the signal is aborted.
 */
export async function runCases(options: CaseOptions): Promise<CaseReport> {
  const startedAt = isoNow()
  const started = monotonicMs()
  const loadBefore = loadNow()
  const runtime = options.runtime ?? onnxRuntime()
  const { rounds, signal, onProgress } = options
  const peer = options.peer === null ? null : await Peer.start({ ...options.peer, signal })
  try {
    const measurement = { seed, rounds, runtime, peer, signal, onProgress }
    const top10: Top10Report[] = []
    if (options.cases.includes('top10')) {
      for (const problem of options.problems) top10.push(await measureTop10(problem, measurement))
    }
    let density: DensityReport | null = null
    if (options.cases.includes('density')) {
      density = await measureDensity(options.density, measurement)
    }
    return {
      format: 'saddle-bench-cases',
      version: 1,
      startedAt,
      elapsedMs: monotonicMs() - started,
      seed,
      rounds,
      machine: describeMachine(loadBefore),
      versions: describeVersions(options.version, runtime, peer?.versions ?? null),
      top10,
      density,
    }
  } finally {
    await peer?.close()
  }
}

/**
 * Those of the problems that are of named workloads, all for no names.
 *
 * @throws InputError if there are none.
 */
export function problemsNamed(
  problems: readonly Top10Problem[],
  names: readonly string[],
): readonly Top10Problem[] {
  const wanted = names.map((name) => name.toUpperCase())
  const known = [...new Set(problems.map(({ workload }) => workload.id))]
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new InputError('workload', `case top10 has no ${unknown}; it has ${known.join(', ')}`)
  }
  return problems.filter(({ workload }) => wanted.length === 0 || wanted.includes(workload.id))
}
