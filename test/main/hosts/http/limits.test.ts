import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { EventListener } from '#lab/jobs'
import type { Lab } from '#lab/api'
import { requestText, sendRaw, untilClosed } from '../support/raw-request.ts'
import { openTestLab } from '../support/test-lab.ts'
import { startTestServer } from '../support/test-server.ts'

type Server = Awaited<ReturnType<typeof startTestServer>>

function post(server: Server, headers: Record<string, string> = {}) {
  return {
    Host: `localhost:${server.port}`,
    Authorization: `Bearer ${server.token}`,
    'Content-Type': 'application/json',
    'x-saddle': '1',
    ...headers,
  }
}

async function openSocket(server: Server, options: object = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, {
    headers: { Authorization: `Bearer ${server.token}` },
    ...options,
  })
  onTestFinished(() => socket.terminate())
  socket.on('error', () => {})
  await once(socket, 'open')
  return socket
}

const isAlive = async (server: Server) => {
  const headers = { Authorization: `Bearer ${server.token}` }
  return (await fetch(server.url, { headers })).ok
}

describe('limits of requests', () => {
  it('a body that says it is too long is not read', async () => {
    const server = await startTestServer({ limits: { bodyBytes: 1000 } })
    const text = requestText('POST', '/rpc/runs.list', post(server, { 'Content-Length': '1001' }))
    expect((await sendRaw(server.port, text)).status).toBe(413)
  })

  it('a body that turns out too long is cut', async () => {
    const server = await startTestServer({ limits: { bodyBytes: 1000 } })
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`
    const head = requestText(
      'POST',
      '/rpc/runs.list',
      post(server, { 'Transfer-Encoding': 'chunked' }),
    )
    const response = await sendRaw(server.port, head + chunk + chunk)
    expect(response.status).toBe(413)
    expect(response.headers.get('connection')).toBe('close')
  })

  it('headers that are too long or too slow are refused', async () => {
    const server = await startTestServer({
      limits: { headersMs: 200, requestMs: 400, checkMs: 50 },
    })
    const long = requestText('GET', '/', { Host: 'x', Filler: 'x'.repeat(20_000) })
    expect((await sendRaw(server.port, long)).status).toBe(431)
    const slow = await sendRaw(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n', 2_000)
    expect(slow.status).toBe(408)
  })

  it('a body that trickles in is given up', async () => {
    const server = await startTestServer({
      limits: { headersMs: 200, requestMs: 400, checkMs: 50 },
    })
    const socket = connect(server.port, '127.0.0.1')
    socket.write(requestText('POST', '/rpc/runs.list', post(server, { 'Content-Length': '500' })))
    const drip = setInterval(() => socket.write(' '), 50)
    expect(await untilClosed(socket)).toBeLessThan(3_000)
    clearInterval(drip)
    expect(await isAlive(server)).toBe(true)
  })

  it('two lengths, or a length with chunks, are no request', async () => {
    const server = await startTestServer()
    const both = requestText(
      'POST',
      '/rpc/runs.list',
      post(server, { 'Transfer-Encoding': 'chunked', 'Content-Length': '3' }),
    )
    expect((await sendRaw(server.port, `${both}0\r\n\r\n`)).status).toBe(400)
  })

  it('a thousand idle connections keep nobody out, and are gone soon', async () => {
    const server = await startTestServer({
      limits: { headersMs: 1_000, requestMs: 1_500, checkMs: 100 },
    })
    const idle: Socket[] = []
    for (let i = 0; i < 1_000; i += 1) {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('error', () => {})
      idle.push(socket)
    }
    const closings = idle.map(untilClosed)
    await once(idle.at(-1)!, 'connect')
    const started = performance.now()
    expect(await isAlive(server)).toBe(true)
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(Math.max(...(await Promise.all(closings)))).toBeLessThan(6_000)
    expect(await isAlive(server)).toBe(true)
  })
})

describe('limits of WebSockets', () => {
  it('a frame that is too long ends its connection only', async () => {
    const server = await startTestServer({ limits: { frameBytes: 1000 } })
    const other = await openSocket(server)
    const socket = await openSocket(server)
    socket.send('x'.repeat(1001))
    expect((await once(socket, 'close'))[0]).toBe(1009)
    expect(other.readyState).toBe(WebSocket.OPEN)
  })

  it('binary frames are dropped', async () => {
    const server = await startTestServer()
    const socket = await openSocket(server)
    socket.send(Buffer.from('{"id":1,"method":"engine.describe"}'))
    socket.send('{"id":2,"method":"engine.describe","args":{}}')
    const [data] = (await once(socket, 'message')) as [Buffer]
    expect(JSON.parse(data.toString())).toMatchObject({ id: 2 })
  })

  it('clients beyond the limit are turned away', async () => {
    const server = await startTestServer({ limits: { sockets: 2 } })
    await openSocket(server)
    await openSocket(server)
    const third = await openSocket(server)
    expect((await once(third, 'close'))[0]).toBe(1013)
  })

  it('a client that does not answer pings is cut off', async () => {
    const server = await startTestServer({ limits: { heartbeatMs: 100 } })
    const answering = await openSocket(server)
    const silent = await openSocket(server, { autoPong: false })
    await once(silent, 'close')
    await expect.poll(() => server.clientCount).toBe(1)
    expect(answering.readyState).toBe(WebSocket.OPEN)
  })

  it('a client that does not read is cut off before it fills the memory', async () => {
    const inner = openTestLab({ mode: 'look' })
    let emit: EventListener = () => {}
    const lab: Lab = {
      ...inner,
      subscribe(listener) {
        emit = listener
        return () => {}
      },
    }
    const server = await startTestServer({ lab, limits: { bufferedBytes: 1_000_000 } })
    const socket = await openSocket(server)
    socket.pause()
    const rows = Array.from({ length: 5_000 }, (_, step) => ({ step })) as never
    for (let i = 0; i < 2_000 && server.clientCount > 0; i += 1) {
      emit('metrics.appended', { runId: 'x', rows })
      await new Promise((resolve) => setImmediate(resolve))
    }
    await expect.poll(() => server.clientCount).toBe(0)
  })

  it('an upgrade elsewhere than /rpc is refused', async () => {
    const server = await startTestServer()
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/other`, {
      headers: { Authorization: `Bearer ${server.token}` },
    })
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toContain('404')
  })

  it('the end of the server ends every connection', async () => {
    const server = await startTestServer()
    const socket = await openSocket(server)
    const closed = once(socket, 'close')
    await server.close()
    expect((await closed)[0]).toBe(1001)
  })
})
