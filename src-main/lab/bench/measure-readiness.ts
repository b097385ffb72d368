import { monotonicMs } from '#base'
import { createOnnxRuntime } from '#tensor/runtime'
import { hvp } from '#tensor/transforms'
import type { Readiness } from './report.ts'
import type { Workload } from './workloads/workload.ts'

/**
 * Time from a loss program to a product program that can be called by ONNX Runtime on the processor, twice. The runtime
 * is one of its own: others may have loaded the program before.
 */
export async function measureReadiness(
  workload: Workload,
  rows: number,
  seed: number,
): Promise<Readiness> {
  const runtime = createOnnxRuntime()
  const { loss, layout } = workload.create(seed)
  const wrt = layout.entries.map((_, i) => i)
  const prepare = async () => {
    const started = monotonicMs()
    const program = hvp(loss, wrt, rows)
    const traced = monotonicMs()
    const executable = await runtime.compile(program)
    const ended = monotonicMs()
    await executable.release()
    return { traceMs: traced - started, compileMs: ended - traced }
  }
  try {
    const first = await prepare()
    const created = runtime.statistics().sessionsCreated
    const second = await prepare()
    return {
      workload: workload.id,
      rows,
      ...first,
      againMs: second.traceMs + second.compileMs,
      sessionsAgain: runtime.statistics().sessionsCreated - created,
    }
  } finally {
    await runtime.release()
  }
}
