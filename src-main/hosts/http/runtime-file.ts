import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const runtimeSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  port: z.int().min(1).max(65_535),
  token: z.string().min(32),
  protocol: z.int(),
  startedAt: z.string(),
})

/** How to reach a running engine. */
export type Runtime = z.infer<typeof runtimeSchema>

/** Where the engine of a store says how it is reached. */
export const runtimePath = (storeFolder: string): string => join(storeFolder, 'engine.json')

/** Writes the file for its owner's eyes only; a reader finds the old one or the whole new one. */
export function writeRuntime(path: string, runtime: Runtime): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.partial`
  try {
    writeFileSync(temporary, `${JSON.stringify(runtime)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** The engine that a runtime file names; null if there is none or its process is gone. */
export function readRuntime(path: string): Runtime | null {
  try {
    const parsed = runtimeSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null
  } catch {
    return null // absent or half-written by a stranger: nobody to talk to
  }
}

/** Removes the file if it is still that of an engine. */
export function removeRuntime(path: string, { token }: Runtime): void {
  if (readRuntime(path)?.token === token) rmSync(path, { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
