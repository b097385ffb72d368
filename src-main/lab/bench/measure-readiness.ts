import { monotonicMs } from '#base'
import type { Runtime } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import type { Readiness } from './report.ts'
import type { Workload } from './workloads/workload.ts'

/** Time from a loss program to a product program that can be called, twice in this process. */
export async function measureReadiness(
  workload: Workload,
  rows: number,
  seed: number,
  runtime: Runtime,
): Promise<Readiness> {
  const { loss, layout } = workload.create(seed)
  const wrt = layout.entries.map((_, i) => i)
  const prepare = async () => {
    const started = monotonicMs()
    const program = hvp(loss, wrt, rows)
    const traced = monotonicMs()
    const executable = await runtime.compile(program)
    const ended = monotonicMs()
    return { executable, traceMs: traced - started, compileMs: ended - traced }
  }
  const first = await prepare()
  const second = await prepare()
  await second.executable.release()
  await first.executable.release()
  return {
    workload: workload.id,
    rows,
    traceMs: first.traceMs,
    compileMs: first.compileMs,
    againMs: second.traceMs + second.compileMs,
  }
}
