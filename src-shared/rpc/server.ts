import type { EventName, Events, Handlers } from '../contract.ts'
import { ApiError, toWire } from '../errors.ts'
import type { Channel } from './channel.ts'
import { dispatch } from './dispatch.ts'
import { parseJson, requestFrameSchema } from './frames.ts'

/** What {@link serveChannel} offers at the other end. */
export interface ServedApi {
  readonly handlers: Handlers
  /** Hands over every event until the function it returns is called. */
  subscribe(listener: <E extends EventName>(event: E, payload: Events[E]) => void): () => void
  /** What a client may know of an error that is no {@link ApiError}; the place to log it. */
  describeError(error: unknown): ApiError
}

/**
 * Answers requests on a channel and sends it every event, until it ends.
 *
 * Arguments are parsed by the schemas of the contract. A frame that is no request is answered with
 * `invalid-argument`; nothing that arrives makes this throw.
 *
 * @returns The function that stops serving without closing the channel.
 */
export function serveChannel(channel: Channel, api: ServedApi): () => void {
  async function answer(text: string): Promise<void> {
    const given = parseJson(text)
    const parsed = requestFrameSchema.safeParse(given)
    const id = parsed.success ? parsed.data.id : idOf(given)
    try {
      if (!parsed.success) throw malformed(given)
      const result = await dispatch(api.handlers, parsed.data.method, parsed.data.args)
      channel.send(JSON.stringify({ id, result }))
    } catch (error) {
      const known = error instanceof ApiError ? error : api.describeError(error)
      channel.send(JSON.stringify({ id, error: toWire(known) }))
    }
  }

  let isServing = true
  const unsubscribe = api.subscribe((event, payload) => {
    channel.send(JSON.stringify({ event, payload }))
  })
  const stop = () => {
    isServing = false
    unsubscribe()
  }
  channel.onMessage((text) => {
    if (isServing) void answer(text)
  })
  channel.onClose(stop)
  return stop
}

function malformed(given: unknown): ApiError {
  const message =
    given === undefined
      ? 'a frame must be JSON'
      : 'a request must be an object with id (an integer), method (a text) and args'
  return new ApiError('invalid-argument', message)
}

function idOf(given: unknown): number | null {
  if (typeof given !== 'object' || given === null || !('id' in given)) return null
  return Number.isSafeInteger(given.id) ? (given.id as number) : null
}
