import os from 'node:os'
import { join } from 'node:path'
import type { Workplace } from '#lab/experiments'
import { createOnnxRuntime, describeRuntime } from '#tensor/runtime'
import { appFolder, buildFacts } from './facts.ts'
import { gitState } from './git-state.ts'

/**
 * Describes this machine and program, for provenance.
 *
 * @param threads - Threads within one native operator; 0 lets the runtime choose, one a core.
 */
export async function describeWorkplace(threads = 0): Promise<Workplace> {
  const runtime = describeRuntime()
  const { appVersion, versions } = buildFacts()
  const cores = os.cpus()
  return {
    resources: join(appFolder, 'resources'),
    runtime: createOnnxRuntime({ threads }),
    origin: {
      appVersion,
      ...(await gitState(appFolder)),
      versions: { node: process.version, ...versions },
      platform: `${os.platform()} ${os.release()} ${os.arch()}`,
      cpu: cores[0]?.model.trim() ?? 'unknown',
      threads: threads === 0 ? cores.length : threads,
      memoryBytes: os.totalmem(),
      device: 'cpu',
      runtime: `${runtime.name} ${runtime.version}`,
    },
  }
}
