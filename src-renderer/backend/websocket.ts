import { shallowRef } from 'vue'
import type { Client, EventName, Events } from '#shared/contract'
import { ApiError } from '#shared/errors'
import { createClient, socketChannel } from '#shared/rpc'
import type { Backend, BackendStatus } from './backend.ts'

const firstDelayMs = 250
const longestDelayMs = 8_000

/** Listeners that outlive a connection: each new one is given all of them. */
class Subscriptions {
  readonly #attachers = new Set<(client: Client) => void>()

  add<E extends EventName>(
    event: E,
    listener: (payload: Events[E]) => void,
    current: Client | null,
  ): () => void {
    let detach: (() => void) | undefined
    const attach = (client: Client): void => {
      detach = client.on(event, listener)
    }
    this.#attachers.add(attach)
    if (current !== null) attach(current)
    return () => {
      this.#attachers.delete(attach)
      detach?.()
    }
  }

  attachAll(client: Client): void {
    for (const attach of this.#attachers) attach(client)
  }
}

/** Speaks with the engine at a WebSocket address and comes back after every loss, waiting longer each time. */
export function createWebSocketBackend(url: string): Backend {
  const status = shallowRef<BackendStatus>('connecting')
  const reopened = new Set<() => void>()
  const subscriptions = new Subscriptions()
  const waiting = new Set<() => void>()
  let inner: Client | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let delayMs = firstDelayMs
  let hasOpened = false
  let isDisposed = false
  let socket: WebSocket

  const wake = (): void => {
    for (const proceed of waiting) proceed()
    waiting.clear()
  }

  const connect = (): void => {
    socket = new WebSocket(url)
    socket.addEventListener('open', () => {
      inner = createClient(socketChannel(socket))
      subscriptions.attachAll(inner)
      delayMs = firstDelayMs
      status.value = 'open'
      wake()
      if (hasOpened) for (const listener of reopened) listener()
      hasOpened = true
    })
    socket.addEventListener('close', () => {
      inner = null
      if (isDisposed) return
      status.value = 'closed'
      wake()
      timer = setTimeout(connect, delayMs)
      delayMs = Math.min(delayMs * 2, longestDelayMs)
    })
  }
  connect()

  /** The first connection is waited for; later losses fail at once, so that nothing hangs. */
  const connected = async (): Promise<Client> => {
    if (status.value === 'connecting') {
      await new Promise<void>((resolve) => waiting.add(resolve))
    }
    if (inner === null) throw new ApiError('engine-unreachable', 'the engine does not answer')
    return inner
  }

  return {
    status,
    client: {
      call: async (method, args) => (await connected()).call(method, args),
      on: (event, listener) => subscriptions.add(event, listener, inner),
      close: () => socket.close(),
    },
    onReopen(listener) {
      reopened.add(listener)
      return () => reopened.delete(listener)
    },
    artifactUrl: (artifactId) => `/artifacts/${encodeURIComponent(artifactId)}`,
    dispose() {
      isDisposed = true
      clearTimeout(timer)
      socket.close()
      wake()
    },
  }
}
