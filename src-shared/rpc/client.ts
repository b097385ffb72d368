import type { Client, EventName, Events, MethodName, Methods } from '../contract.ts'
import { ApiError, fromWire } from '../errors.ts'
import type { Channel } from './channel.ts'
import { parseJson, serverFrameSchema, type ServerFrame } from './frames.ts'

/** A client that says when its channel has ended. */
export interface RpcClient extends Client {
  /** Resolves when the channel has ended, from either side. */
  readonly closed: Promise<void>
}

interface Pending {
  readonly resolve: (result: never) => void
  readonly reject: (error: ApiError) => void
}

/**
 * Calls the methods of the contract over a channel.
 *
 * A call fails with the {@link ApiError} that the server sent, or with `engine-unreachable` once the
 * channel has ended. Frames that no server of this protocol sends are dropped.
 */
export function createClient(channel: Channel): RpcClient {
  const pending = new Map<number, Pending>()
  const listeners = new Map<string, Set<(payload: never) => void>>()
  let lastId = 0
  let isClosed = false

  function settle(frame: ServerFrame): void {
    if ('event' in frame) {
      for (const listener of [...(listeners.get(frame.event) ?? [])]) {
        listener(frame.payload as never)
      }
      return
    }
    const call = frame.id === null ? undefined : pending.get(frame.id)
    if (call === undefined || frame.id === null) return
    pending.delete(frame.id)
    if ('error' in frame) call.reject(fromWire(frame.error))
    else call.resolve(frame.result as never)
  }

  channel.onMessage((text) => {
    const parsed = serverFrameSchema.safeParse(parseJson(text))
    if (parsed.success) settle(parsed.data)
  })

  const closed = new Promise<void>((resolve) => {
    channel.onClose(() => {
      isClosed = true
      for (const { reject } of pending.values()) reject(unreachable())
      pending.clear()
      resolve()
    })
  })

  return {
    closed,
    call<M extends MethodName>(method: M, args: Methods[M]['args']) {
      if (isClosed) return Promise.reject(unreachable())
      lastId += 1
      const id = lastId
      return new Promise<Methods[M]['result']>((resolve, reject) => {
        pending.set(id, { resolve, reject })
        channel.send(JSON.stringify({ id, method, args }))
      })
    },
    on<E extends EventName>(event: E, listener: (payload: Events[E]) => void) {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set)
      set.add(listener)
      return () => void set.delete(listener)
    },
    close() {
      channel.close()
    },
  }
}

const unreachable = (): ApiError =>
  new ApiError('engine-unreachable', 'the connection to the engine has ended')
