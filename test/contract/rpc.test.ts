import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ApiError } from '#shared/errors'
import type { EventName, Events, Handlers } from '#shared/contract'
import {
  createClient,
  memoryChannelPair,
  serveChannel,
  socketChannel,
  type Channel,
} from '#shared/rpc'

type Pair = [near: Channel, far: Channel]

async function socketPair(): Promise<Pair> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await once(socket, 'open')
  const [far] = (await accepted) as [WebSocket]
  onTestFinished(() => {
    socket.terminate()
    server.close()
  })
  return [socketChannel(socket), socketChannel(far)]
}

const summary = { id: 'r1', name: 'one' } as never

/** A service with a method for each way to end. */
function serve(channel: Channel) {
  const listeners = new Set<(event: EventName, payload: never) => void>()
  const seen: unknown[] = []
  const handlers = {
    'engine.describe': () => ({ appVersion: '1' }),
    'runs.list': (args: unknown) => {
      seen.push(args)
      return { runs: [], total: 0 }
    },
    'runs.get': ({ runId }: { runId: string }) => {
      throw new ApiError('run-not-found', `there is no run ${runId}`, { runId })
    },
    'runs.metrics': () => Promise.reject(new Error('a secret path')),
    'runs.cancel': () => new Promise(() => {}),
  } as unknown as Handlers
  const stop = serveChannel(channel, {
    handlers,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    describeError: () => new ApiError('internal', 'incident 1'),
  })
  const emit = <E extends EventName>(event: E, payload: Events[E]) => {
    for (const listener of listeners) listener(event, payload as never)
  }
  return { emit, seen, stop, listeners }
}

const nextText = (channel: Channel) =>
  new Promise<unknown>((resolve) =>
    channel.onMessage((text) => {
      resolve(JSON.parse(text))
    }),
  )

describe.each([
  ['memory pair', () => Promise.resolve(memoryChannelPair())],
  ['WebSocket', socketPair],
] as const)('the contract over a %s', (_, makePair: () => Promise<Pair>) => {
  it('a call resolves with its result', async () => {
    const [near, far] = await makePair()
    serve(far)
    await expect(createClient(near).call('engine.describe', {})).resolves.toEqual({
      appVersion: '1',
    })
  })

  it('arguments arrive with their defaults', async () => {
    const [near, far] = await makePair()
    const { seen } = serve(far)
    await createClient(near).call('runs.list', {})
    expect(seen).toEqual([{ limit: 200, offset: 0 }])
  })

  it('wrong arguments are refused by path before the handler sees them', async () => {
    const [near, far] = await makePair()
    const { seen } = serve(far)
    await expect(
      createClient(near).call('runs.list', { limit: 0, ofset: 1 } as never),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message:
        'runs.list: limit must be at least 1, got 0; unknown key ofset; did you mean offset?',
    })
    expect(seen).toEqual([])
  })

  it('an ApiError crosses with code, message and detail', async () => {
    const [near, far] = await makePair()
    serve(far)
    const call = createClient(near).call('runs.get', { runId: 'x' })
    await expect(call).rejects.toBeInstanceOf(ApiError)
    await expect(call).rejects.toMatchObject({ code: 'run-not-found', detail: { runId: 'x' } })
  })

  it('of any other error only an incident crosses', async () => {
    const [near, far] = await makePair()
    serve(far)
    await expect(createClient(near).call('runs.metrics', { runId: 'x' })).rejects.toMatchObject({
      code: 'internal',
      message: 'incident 1',
    })
  })

  it.each(['runs.lst', 'constructor', '__proto__', 'toString', ''])(
    'method %j is not found',
    async (method) => {
      const [near, far] = await makePair()
      serve(far)
      await expect(createClient(near).call(method as never, {} as never)).rejects.toMatchObject({
        code: 'method-not-found',
      })
    },
  )

  it('a mistyped method is named with the nearest', async () => {
    const [near, far] = await makePair()
    serve(far)
    await expect(createClient(near).call('runs.lst' as never, {} as never)).rejects.toThrow(
      'there is no method "runs.lst"; did you mean runs.list?',
    )
  })

  it.each([
    ['no JSON', '{', null],
    ['a number', '5', null],
    ['null', 'null', null],
    ['a list', '[]', null],
    ['no method', '{"id":7}', 7],
    ['a method that is no text', '{"id":7,"method":[]}', 7],
    ['an id that is no integer', '{"id":"7","method":"runs.list"}', null],
    ['deep nesting', '['.repeat(50_000), null],
  ])('a frame with %s is answered as malformed and does no harm', async (_name, text, id) => {
    const [near, far] = await makePair()
    serve(far)
    const reply = nextText(near)
    near.send(text)
    expect(await reply).toMatchObject({ id, error: { code: 'invalid-argument' } })
    await createClient(near).call('engine.describe', {})
  })

  it('replies and events that make no sense are dropped', async () => {
    const [near, far] = await makePair()
    const client = createClient(near)
    for (const text of ['x', '{}', '{"id":99,"result":1}', '{"id":null,"error":{"code":"x"}}']) {
      far.send(text)
    }
    far.send('{"event":"nonsense","payload":1}')
    serve(far)
    await expect(client.call('engine.describe', {})).resolves.toEqual({ appVersion: '1' })
  })

  it('events reach every listener until it stops', async () => {
    const [near, far] = await makePair()
    const { emit } = serve(far)
    const client = createClient(near)
    const heard: string[] = []
    const stop = client.on('runs.changed', ({ id }) => heard.push(`a ${id}`))
    client.on('runs.changed', ({ id }) => heard.push(`b ${id}`))
    emit('runs.changed', summary)
    await client.call('engine.describe', {})
    stop()
    emit('runs.changed', summary)
    await client.call('engine.describe', {})
    expect(heard).toEqual(['a r1', 'b r1', 'b r1'])
  })

  it('calls that overlap keep their own results', async () => {
    const [near, far] = await makePair()
    serve(far)
    const client = createClient(near)
    const results = await Promise.allSettled([
      client.call('runs.get', { runId: 'x' }),
      client.call('engine.describe', {}),
      client.call('runs.list', {}),
    ])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })

  it('the end of the channel rejects what is pending and what comes after', async () => {
    const [near, far] = await makePair()
    serve(far)
    const client = createClient(near)
    const pending = client.call('runs.cancel', { runId: 'x' })
    far.close()
    await expect(pending).rejects.toMatchObject({ code: 'engine-unreachable' })
    await client.closed
    await expect(client.call('engine.describe', {})).rejects.toMatchObject({
      code: 'engine-unreachable',
    })
  })

  it('a channel that ended is served no longer', async () => {
    const [near, far] = await makePair()
    const { listeners, emit } = serve(far)
    const client = createClient(near)
    await client.call('engine.describe', {})
    expect(listeners.size).toBe(1)
    client.close()
    await client.closed
    await expect.poll(() => listeners.size).toBe(0)
    emit('runs.changed', summary)
  })
})
