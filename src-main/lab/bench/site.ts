import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { z } from 'zod'
import type { Runtime } from '#tensor/runtime'
import { peerVersionsSchema, type PeerVersions } from './peer/messages.ts'

/** Where something was measured. */
export const machineSchema = z.strictObject({
  platform: z.string(),
  cpu: z.string(),
  threads: z.int(),
  memoryBytes: z.number(),
  /** Processes that wanted to run, on average over the minute before. */
  loadBefore: z.number(),
})

/** What it was measured with. */
export const versionsSchema = z.strictObject({
  saddle: z.string(),
  node: z.string(),
  runtime: z.string(),
  device: z.string(),
  peer: peerVersionsSchema.nullable(),
})

/** Processes that wanted to run, on average over the last minute. */
export const loadNow = (): number => loadavg()[0] ?? 0

/** This machine. */
export const describeMachine = (loadBefore: number): z.infer<typeof machineSchema> => ({
  platform: `${process.platform} ${process.arch}`,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  threads: availableParallelism(),
  memoryBytes: totalmem(),
  loadBefore,
})

/** Both sides' versions. */
export const describeVersions = (
  saddle: string,
  runtime: Runtime,
  peer: PeerVersions | null,
): z.infer<typeof versionsSchema> => ({
  saddle,
  node: process.version,
  runtime: runtime.name,
  device: runtime.device,
  peer,
})
