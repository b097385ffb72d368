import type { EventName, Events } from '#shared/contract'

/** Hears what the engine tells its clients. */
export type EventListener = <E extends EventName>(event: E, payload: Events[E]) => void
