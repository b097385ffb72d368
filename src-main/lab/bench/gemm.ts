import { matmul, traceProgram } from '#tensor/program'
import type { Runtime } from '#tensor/runtime'
import { compare } from './compare.ts'
import type { Peer } from './peer/peer.ts'
import { localContestant, type Contestant, type RaceOptions } from './race.ts'
import type { BenchReport } from './report.ts'
import { normals } from './workloads/batch-data.ts'

/** Rows and columns of the factors. */
export const gemmExtent = 1024

/** A multiply and an add for each of n³ products. */
export const gemmOperations = 2 * gemmExtent ** 3

/** A plain float32 product of two square matrices, the yardstick of this machine. */
export async function gemmContestant(
  runtime: Runtime,
): Promise<{ readonly contestant: Contestant; release(): Promise<void> }> {
  const type = { dtype: 'float32', shape: [gemmExtent, gemmExtent] } as const
  const program = traceProgram('gemm', [type, type], ([x, y]) => [matmul(x!, y!)])
  const executable = await runtime.compile(program)
  const factors = ['left', 'right'].map((name) => normals(gemmExtent ** 2, 0, name))
  const product = [new Float32Array(gemmExtent ** 2)]
  return {
    contestant: localContestant(1, () => executable.run(factors, product)),
    release: () => executable.release(),
  }
}

/** The yardstick against the peer's. */
export async function measureGemm(
  gemm: Contestant,
  peer: Peer | null,
  options: RaceOptions,
): Promise<BenchReport['gemm']> {
  const rivals =
    peer === null
      ? []
      : [{ way: 'mm', rows: gemmExtent, contestant: peer.contestant('gemm', gemmExtent) }]
  const { ours, rivals: compared, ratio } = await compare(gemm, rivals, options)
  const gflops = gemmOperations / ours.median / 1e6
  return { extent: gemmExtent, gflops, ours, rivals: compared, ratio }
}
