import os from 'node:os'
import { join } from 'node:path'
import type { Workplace } from '#lab/experiments'
import type { ComputeRequest } from '#shared/schemas'
import { openRuntime } from './compute.ts'
import { appFolder, buildFacts } from './facts.ts'
import { gitState } from './git-state.ts'

/**
 * Opens the runtime that is wanted and describes this machine and program, for provenance.
 *
 * @param options.threads - Threads within one native operator; 0 lets the runtime choose, one a core.
 * @param options.earlierDevice - Kept under `auto` if it is still there.
 * @throws InputError if what is wanted is not there.
 */
export async function describeWorkplace(options: {
  readonly compute: ComputeRequest
  readonly threads?: number
  readonly earlierDevice: string | null
}): Promise<Workplace> {
  const { compute, threads = 0 } = options
  const { appVersion, versions } = buildFacts()
  const cores = os.cpus()
  const runtime = await openRuntime(compute, options)
  return {
    resources: join(appFolder, 'resources'),
    runtime,
    origin: {
      appVersion,
      ...(await gitState(appFolder)),
      versions: { node: process.version, ...versions },
      platform: `${os.platform()} ${os.release()} ${os.arch()}`,
      cpu: cores[0]?.model.trim() ?? 'unknown',
      threads: threads === 0 ? cores.length : threads,
      memoryBytes: os.totalmem(),
      device: runtime.device,
      runtime: runtime.name,
    },
  }
}
