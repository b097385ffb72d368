import { createHash } from 'node:crypto'
import { totalmem } from 'node:os'
import type { Argument, Session, SessionRequest, SessionStore } from './session.ts'

/** What is loaded, or was. */
export interface SessionStatistics {
  /** Models loaded since the start: what a compilation costs. */
  readonly sessionsCreated: number
  /** Sessions that somebody uses. */
  readonly sessionsHeld: number
  /** Released sessions that are kept in case their model comes again. */
  readonly sessionsIdle: number
}

/** Released sessions that are kept; an experiment with three kinds of measurement loads eleven. */
const idleLimit = 16

/** Memory that kept sessions may hold together, as a share of this machine's. */
const idleShare = 1 / 16

interface Entry {
  readonly session: Promise<Session>
  bytes: number
  holders: number
}

/**
 * Sessions by the bytes of their model: an equal model is loaded once. A session lives while somebody holds it; the ones
 * released last are kept, up to 16 and to a sixteenth of this machine's memory.
 */
export class SessionCache implements SessionStore {
  /** In order of their last release, oldest first. */
  readonly #entries = new Map<string, Entry>()
  #created = 0

  /** Gives the session of a model, loading it if there is none. */
  async take(request: SessionRequest, load: () => Promise<Session>): Promise<Session> {
    const { model, variant, workspaceBytes } = request
    const key = `${createHash('sha256').update(model).digest('hex')} ${variant}`
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      this.#created += 1
      entry = { session: load(), bytes: workspaceBytes, holders: 0 }
      this.#entries.set(key, entry)
    }
    entry.holders += 1
    try {
      return this.#share(key, entry, await entry.session, workspaceBytes)
    } catch (error) {
      this.#entries.delete(key)
      throw error
    }
  }

  statistics(): SessionStatistics {
    const entries = [...this.#entries.values()]
    const held = entries.filter(({ holders }) => holders > 0).length
    return {
      sessionsCreated: this.#created,
      sessionsHeld: held,
      sessionsIdle: entries.length - held,
    }
  }

  /** Frees what nobody holds. */
  async clear(): Promise<void> {
    await this.#keep(0, 0)
  }

  /** One holder's view of a session; releasing it twice counts once. */
  #share(key: string, entry: Entry, session: Session, workspaceBytes: number): Session {
    let isHeld = true
    const isSizeUnknown = workspaceBytes === 0
    return {
      run: (inputs, outputs) => {
        if (isSizeUnknown) entry.bytes = Math.max(entry.bytes, bytesOf(outputs))
        return session.run(inputs, outputs)
      },
      release: async () => {
        if (!isHeld) return
        isHeld = false
        entry.holders -= 1
        if (entry.holders > 0) return
        this.#entries.delete(key)
        this.#entries.set(key, entry)
        await this.#keep(idleLimit, totalmem() * idleShare)
      },
    }
  }

  /** Frees idle sessions, longest idle first, until so many and so much memory are left. */
  async #keep(count: number, bytes: number): Promise<void> {
    const idle = [...this.#entries].filter(([, { holders }]) => holders === 0)
    let left = idle.length
    let held = idle.reduce((sum, [, entry]) => sum + entry.bytes, 0)
    for (const [key, entry] of idle) {
      if (left <= count && held <= bytes) return
      left -= 1
      held -= entry.bytes
      this.#entries.delete(key)
      await (await entry.session).release()
    }
  }
}

/** A guess at intermediate values that nobody forecast: as large as the results. */
const bytesOf = (outputs: Readonly<Record<string, Argument>>): number =>
  Object.values(outputs).reduce(
    (bytes, { data }) => bytes + (ArrayBuffer.isView(data) ? data.byteLength : 0),
    0,
  )
