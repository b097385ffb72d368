import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import type { Workplace } from '#lab/experiments'
import { describeRuntime } from '#tensor/runtime'

const root = join(import.meta.dirname, '..', '..')

/** Runs git in the checkout; null where there is none. */
function git(...parts: readonly string[]): string | null {
  try {
    return execFileSync('git', ['-C', root, ...parts], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

/** Version of Saddle. */
export function appVersion(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}

/** Describes this machine and program, for provenance. */
export function describeWorkplace(threads = 0): Workplace {
  const runtime = describeRuntime()
  const commit = git('rev-parse', 'HEAD')
  const status = commit === null ? null : git('status', '--porcelain')
  const cores = os.cpus()
  return {
    resources: join(root, 'resources'),
    threads,
    origin: {
      appVersion: appVersion(),
      gitCommit: commit,
      gitDirty: status === null ? null : status !== '',
      versions: { node: process.version, [runtime.name]: runtime.version },
      platform: `${os.platform()} ${os.release()} ${os.arch()}`,
      cpu: cores[0]?.model.trim() ?? 'unknown',
      threads: threads === 0 ? cores.length : threads,
      memoryBytes: os.totalmem(),
      device: 'cpu',
      runtime: `${runtime.name} ${runtime.version}`,
    },
  }
}
