import { createHessianOperator } from '#geometry/curvature'
import { countOperations, type Program } from '#tensor/program'
import type { Runtime } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import { throwIfStopped } from '#base'
import { compare, type RivalContestant } from './compare.ts'
import { gemmOperations } from './gemm.ts'
import type { Peer } from './peer/peer.ts'
import type { PeerWay } from './peer/messages.ts'
import { localContestant, leastTime, type Contestant, type RaceOptions } from './race.ts'
import type { WorkloadReport } from './report.ts'
import { spreadOf } from './statistics.ts'
import { normals } from './workloads/batch-data.ts'
import type { Workload, WorkloadInstance } from './workloads/workload.ts'

/** What products are timed with. */
export interface ProductMeasurement extends RaceOptions {
  readonly workload: Workload
  readonly instance: WorkloadInstance
  readonly runtime: Runtime
  readonly peer: Peer | null
  /** The peer's ways that work for this network. */
  readonly ways: readonly PeerWay[]
  /** A plain matrix product, timed in the same rounds. */
  readonly gemm: Contestant
  onProgress(text: string): void
}

interface Released {
  readonly contestant: Contestant
  release(): Promise<void>
}

async function blockContestant(
  { instance, runtime }: ProductMeasurement,
  rows: number,
): Promise<Released> {
  const { loss, layout, initialParameters: parameters, batch } = instance
  const operator = await createHessianOperator({
    loss,
    layout,
    parameters,
    batches: [batch],
    rows,
    runtime,
  })
  const block = normals(rows * layout.size, 0, 'block')
  const products = new Float32Array(rows * layout.size)
  return {
    contestant: localContestant(rows, () => operator.apply(block, rows, products)),
    release: () => operator.release(),
  }
}

/** The fastest block size of ours, with the time of each in a short trial. */
async function chooseRows(
  measurement: ProductMeasurement,
): Promise<Pick<WorkloadReport['product'], 'rows' | 'blocks'>> {
  const blocks: { rows: number; ms: number }[] = []
  for (const rows of measurement.workload.blockSizes) {
    throwIfStopped(measurement.signal)
    const block = await blockContestant(measurement, rows)
    blocks.push({ rows, ms: await leastTime(block.contestant) })
    await block.release()
  }
  return { rows: fastest(blocks).rows, blocks }
}

const fastest = <T extends { readonly ms: number }>(list: readonly T[]): T =>
  list.reduce((best, entry) => (entry.ms < best.ms ? entry : best))

/** The peer's ways; the one that takes blocks at its own fastest block size. */
async function rivalsOf({
  workload,
  peer,
  ways,
  signal,
}: ProductMeasurement): Promise<RivalContestant[]> {
  if (peer === null) return []
  const rivals: RivalContestant[] = []
  for (const way of ways) {
    const tried: (RivalContestant & { ms: number })[] = []
    for (const rows of way === 'vmap' ? workload.blockSizes : [1]) {
      throwIfStopped(signal)
      const contestant = peer.contestant(way, rows)
      tried.push({ way, rows, contestant, ms: await leastTime(contestant) })
    }
    const { rows, contestant } = fastest(tried)
    rivals.push({ way, rows, contestant })
  }
  return rivals
}

/** Operations of a program's contractions alone. */
const contractionOperations = (program: Program): number =>
  countOperations({
    ...program,
    equations: program.equations.filter(({ primitive }) => ['dot', 'conv'].includes(primitive)),
  })

/**
 * Operations that each further vector of a block costs: what depends on the vector, and not what is computed of
 * the network alone, be it kept or computed again.
 */
function operationsPerVector({ loss, layout }: WorkloadInstance): number {
  const wrt = layout.entries.map((_, i) => i)
  return contractionOperations(hvp(loss, wrt, 2)) - contractionOperations(hvp(loss, wrt, 1))
}

/** Times Hessian-vector products in blocks of the fastest size against the ways of a peer. */
export async function measureProduct(
  measurement: ProductMeasurement,
): Promise<WorkloadReport['product']> {
  const { instance, gemm } = measurement
  measurement.onProgress('products: block sizes')
  const { rows, blocks } = await chooseRows(measurement)
  const rivals = await rivalsOf(measurement)
  const operations = operationsPerVector(instance)
  measurement.onProgress(`products: blocks of ${rows}`)
  const own = await blockContestant(measurement, rows)
  try {
    const { paceTimes, ...comparison } = await compare(own.contestant, rivals, measurement, [gemm])
    const gflops = operations / comparison.ours.median / 1e6
    // Speed of a product over speed of the matrix product, both of one round.
    const shares = paceTimes[0]!.map(
      (gemmMs, i) => operations / comparison.ours.samples[i]! / (gemmOperations / gemmMs),
    )
    return { ...comparison, rows, blocks, operations, gflops, peakShare: spreadOf(shares) }
  } finally {
    await own.release()
  }
}
