import { availableParallelism, cpus, totalmem } from 'node:os'
import { protocolVersion, type EngineDescription } from '#shared/contract'

/** What only the entry of a process knows of its build. */
export interface BuildFacts {
  readonly appVersion: string
  /** Packages that numbers depend on, with their versions. */
  readonly versions: Readonly<Record<string, string>>
}

/** The engine in this process, on this machine. */
export const describeEngine = (store: string, facts: BuildFacts): EngineDescription => ({
  appVersion: facts.appVersion,
  protocol: protocolVersion,
  pid: process.pid,
  store,
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  threads: availableParallelism(),
  memoryBytes: totalmem(),
  versions: { ...facts.versions },
})
