import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { isoNow } from '#base'
import { ApiError } from '#shared/errors'
import { systemCode } from './file-errors.ts'
import { removeQuietly, writeFileDurably } from './files.ts'
import { openExclusive, type Connection } from './open.ts'

const ownerSchema = z.object({
  pid: z.int(),
  startedAt: z.string(),
  /** Where its server listens; null before it does. */
  port: z.int().nullable(),
})

/** Who has a store open. */
export type StoreOwner = z.infer<typeof ownerSchema>

/** Keeps locks reachable: a connection that is collected as garbage is closed, and its lock is gone. */
const heldLocks = new Set<Connection>()

/** The right to write a store, held until released or until this process ends. */
export interface StoreLock {
  /** Whether the owner before this one ended without closing the store. */
  readonly followsCrash: boolean
  /** Tells others where this engine listens. */
  announcePort(port: number): void
  /** @param clean - False keeps the marker that makes the next opening check the store. */
  release(clean: boolean): void
}

/**
 * Takes the lock of a store's folder, or refuses at once.
 *
 * The lock is held on `engine.lock.sqlite`; `owner.json` beside it says who holds it, and doubles as
 * the marker of an unclean exit: only a clean release removes it.
 *
 * @throws ApiError `store-in-use` naming folder, pid and port.
 */
export function acquireLock(folder: string): StoreLock {
  const held = openExclusive(join(folder, 'engine.lock.sqlite'))
  if (held === null) throw inUse(folder)
  heldLocks.add(held)
  const letGo = () => {
    held.close()
    heldLocks.delete(held)
  }
  const path = ownerPath(folder)
  const followsCrash = existsSync(path)
  const owner: StoreOwner = { pid: process.pid, startedAt: isoNow(), port: null }
  const write = (port: number | null) => {
    writeFileDurably(path, `${JSON.stringify({ ...owner, port })}\n`)
  }
  try {
    write(null)
  } catch (error) {
    letGo()
    throw error
  }
  return {
    followsCrash,
    announcePort: write,
    release(clean) {
      if (clean) removeQuietly(path)
      letGo()
    },
  }
}

/**
 * Who has the store open now, by `owner.json`; null if nobody, or if the process named is gone.
 *
 * A look only: it takes no lock, so an answer may be stale by the time it is read.
 */
export function readOwner(folder: string): StoreOwner | null {
  const owner = parseOwner(folder)
  return owner !== null && isAlive(owner.pid) ? owner : null
}

function parseOwner(folder: string): StoreOwner | null {
  try {
    const parsed = ownerSchema.safeParse(JSON.parse(readFileSync(ownerPath(folder), 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null // absent, or not ours to read: nothing is known of an owner
  }
}

const ownerPath = (folder: string): string => join(folder, 'owner.json')

function inUse(folder: string): ApiError {
  const owner = parseOwner(folder)
  const at = owner?.port == null ? '' : `, port ${String(owner.port)}`
  const who = owner === null ? 'another process' : `process ${String(owner.pid)}${at}`
  return new ApiError('store-in-use', `the store ${folder} is in use by ${who}`, { folder, owner })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
