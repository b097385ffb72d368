import type { EventListener, Supervisor } from '#lab/jobs'
import type { Store } from '#lab/store'
import type { EngineDescription } from '#shared/contract'

/** What the methods of the contract work with. */
export interface ApiContext {
  readonly store: Store
  readonly supervisor: Supervisor
  readonly describe: () => EngineDescription
  /** Whether a file is there and can be read. */
  readonly canRead: (path: string) => boolean
  /** Tells every client. */
  readonly emit: EventListener
}
