import { isoNow, monotonicMs, throwIfStopped } from '#base'
import { onnxRuntime, type Runtime } from '#tensor/runtime'
import { compareFigures, ownFigures } from './agreement.ts'
import { gemmContestant, measureGemm } from './gemm.ts'
import { measurePopulation } from './measure-population.ts'
import { measureProduct } from './measure-product.ts'
import { measureReadiness } from './measure-readiness.ts'
import { measureStep, stepSettings } from './measure-step.ts'
import { peerWays } from './peer/messages.ts'
import { Peer, type PeerFigures } from './peer/peer.ts'
import type { Contestant } from './race.ts'
import type { BenchReport, PopulationReport, WorkloadReport } from './report.ts'
import { describeMachine, describeVersions, loadNow } from './site.ts'
import { normals } from './workloads/batch-data.ts'
import type { Workload } from './workloads/workload.ts'

/** What to measure and against whom. */
export interface BenchOptions {
  readonly workloads: readonly Workload[]
  /** Samples of each contestant; fewer where a workload is slow, but three or more. */
  readonly samples: number
  /** A Python with PyTorch, and the script it runs; null measures ours alone. */
  readonly peer: { readonly python: string; readonly script: string } | null
  /** Version of this project, for the report. */
  readonly version: string
  readonly runtime?: Runtime | undefined
  readonly signal?: AbortSignal | undefined
  /** One line a stage. */
  readonly onProgress: (text: string) => void
}

const seed = 0
/** Time for the rounds of one comparison, once each contestant has had three turns. */
const budgetMs = { product: 30_000, step: 8_000 }

/** Parts of a bench that all workloads share. */
interface Bench extends BenchOptions {
  readonly runtime: Runtime
  readonly connected: Peer | null
  readonly gemm: Contestant
}

/**
 * Measures workloads, against a peer in turns if there is one.
 *
 * @throws InputError if the peer cannot be started.
 * @throws DisagreementError if the two sides do not compute the same.
 * @throws PeerError if the peer breaks off.
 * @throws StoppedError if the signal is aborted.
 */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const startedAt = isoNow()
  const started = monotonicMs()
  const loadBefore = loadNow()
  const runtime = options.runtime ?? onnxRuntime()
  const { samples, signal } = options
  const connected = options.peer === null ? null : await Peer.start({ ...options.peer, signal })
  const yardstick = await gemmContestant(runtime)
  const gemm = yardstick.contestant
  const bench: Bench = { ...options, runtime, connected, gemm }
  try {
    options.onProgress('matrix product')
    const product = await measureGemm(gemm, connected, { samples, signal, budgetMs: budgetMs.step })
    const workloads: WorkloadReport[] = []
    let population: BenchReport['population'] = { skipped: 'W1 was not asked for' }
    let readiness: BenchReport['readiness'] = { skipped: 'W6 was not asked for' }
    for (const workload of options.workloads) {
      const measured = await measureWorkload(workload, bench)
      workloads.push(measured)
      if (workload.extra === 'population') population = await populationOf(workload, bench)
      if (workload.extra === 'readiness') {
        readiness = await measureReadiness(workload, measured.product.rows, seed)
      }
    }
    return {
      format: 'saddle-bench',
      version: 1,
      startedAt,
      elapsedMs: monotonicMs() - started,
      seed,
      samples,
      machine: describeMachine(loadBefore),
      versions: describeVersions(options.version, runtime, connected?.versions ?? null),
      gemm: product,
      workloads,
      population,
      readiness,
    }
  } finally {
    await yardstick.release()
    await connected?.close()
  }
}

async function measureWorkload(workload: Workload, bench: Bench): Promise<WorkloadReport> {
  const { runtime, connected: peer, samples, signal, gemm } = bench
  const onProgress = (text: string) => bench.onProgress(`${workload.id} ${text}`)
  throwIfStopped(signal)
  const instance = workload.create(seed)
  let figures: PeerFigures | null = null
  let agreement: Record<string, number> | null = null
  if (peer !== null) {
    onProgress('agreement')
    const direction = normals(instance.layout.size, seed, 'direction')
    figures = await peer.prepare(workload, instance, direction, stepSettings)
    const own = await ownFigures(instance, direction, runtime)
    agreement = compareFigures(workload, own, figures)
  }
  const product = await measureProduct({
    workload,
    instance,
    runtime,
    peer,
    ways: peerWays.filter((way) => figures?.products.has(way)),
    gemm,
    samples,
    signal,
    budgetMs: budgetMs.product,
    onProgress,
  })
  onProgress('training steps')
  const stepOptions = { samples, signal, budgetMs: budgetMs.step }
  return {
    id: workload.id,
    title: workload.title,
    parameterCount: instance.layout.size,
    agreement,
    failures: Object.fromEntries(figures?.failures ?? []),
    product,
    step: await measureStep(instance, runtime, peer, stepOptions),
  }
}

const populationOf = (
  workload: Workload,
  { runtime, connected, samples, signal, onProgress }: Bench,
): Promise<PopulationReport> => {
  onProgress(`${workload.id} runs of many seeds`)
  const options = { samples, signal, budgetMs: budgetMs.step }
  return measurePopulation(workload, seed, runtime, connected, options)
}
