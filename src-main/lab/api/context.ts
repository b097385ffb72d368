import type { EngineDescription, EventName, Events } from '#shared/contract'
import type { Supervisor } from '#lab/jobs'
import type { Store } from '#lab/store'

/** What the methods of the contract work with. */
export interface ApiContext {
  readonly store: Store
  readonly supervisor: Supervisor
  describe(): EngineDescription
  /** Whether a file is there and can be read. */
  canRead(path: string): boolean
  /** Tells every client. */
  emit<E extends EventName>(event: E, payload: Events[E]): void
}
