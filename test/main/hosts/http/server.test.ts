import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '#base'
import { connectEngine, findEngine, readRuntime, runtimePath, startServer } from '#hosts/http'
import { openTestLab, countingSpec, temporaryFolder, untilStatus } from '../support/test-lab.ts'
import { startTestServer } from '../support/test-server.ts'

async function fetcher() {
  const server = await startTestServer()
  const headers = { Authorization: `Bearer ${server.token}` }
  const get = (path: string) => fetch(server.url + path, { headers })
  const post = (path: string, body: string) =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json', 'x-saddle': '1' },
      body,
    })
  return { server, get, post }
}

describe('static files', () => {
  it('are served by exact name with their type', async () => {
    const { get } = await fetcher()
    for (const path of ['', 'index.html']) {
      const response = await get(path)
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(await response.text()).toContain('Saddle')
    }
    const script = await get('assets/main-1a2b.js')
    expect(script.headers.get('content-type')).toContain('javascript')
    expect(script.headers.get('cache-control')).toContain('immutable')
  })

  it('of unknown types or names are not there', async () => {
    const { get } = await fetcher()
    for (const path of ['secret.pem', 'assets', 'assets/', 'INDEX.HTML', 'favicon.ico']) {
      expect((await get(path)).status, path).toBe(404)
    }
  })

  it('an unbuilt interface is said, not hidden', async () => {
    const lab = openTestLab({ mode: 'look' })
    await using server = await startServer({ lab, logger: silentLogger })
    const headers = { Authorization: `Bearer ${server.token}` }
    expect(await (await fetch(server.url, { headers })).text()).toContain('npm run build')
  })

  it('every response has the guarding headers', async () => {
    const { server, get, post } = await fetcher()
    const responses = [
      await get(''),
      await get('nothing'),
      await post('rpc/engine.describe', '{}'),
      await post('rpc/nothing', '{}'),
      await fetch(server.url),
    ]
    for (const { headers } of responses) {
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self'/,
      )
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('content-security-policy')).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })
})

describe('POST /rpc/METHOD', () => {
  it('answers results and errors as JSON with a fitting status', async () => {
    const { post } = await fetcher()
    const cases: [string, string, number, unknown][] = [
      ['runs.list', '{}', 200, { result: { runs: [], total: 0 } }],
      ['runs.list', '', 200, { result: { runs: [], total: 0 } }],
      ['runs.list', '{"limit":0}', 400, { error: { code: 'invalid-argument' } }],
      ['runs.list', '{', 400, { error: { code: 'invalid-argument' } }],
      ['runs.get', '{"runId":"x"}', 404, { error: { code: 'run-not-found' } }],
      ['runs.lst', '{}', 404, { error: { code: 'method-not-found' } }],
      ['__proto__', '{}', 404, { error: { code: 'method-not-found' } }],
      ['runs.create', '{"spec":{"a":1}}', 422, { error: { code: 'invalid-spec' } }],
    ]
    for (const [method, body, status, expected] of cases) {
      const response = await post(`rpc/${method}`, body)
      expect(response.status, `${method} ${body}`).toBe(status)
      expect(await response.json()).toMatchObject(expected as object)
    }
  })

  it('GET calls nothing', async () => {
    const { get } = await fetcher()
    expect((await get('rpc/runs.list')).status).toBe(405)
  })
})

describe('artifacts', () => {
  it('are sent by id, sandboxed, as a download', async () => {
    const lab = openTestLab()
    const server = await startTestServer({ lab })
    const connection = await connectEngine(runtimePath(lab.storeFolder))
    const { runs } = await connection.client.call('runs.create', { spec: countingSpec(10) })
    const { id } = await untilStatus(lab, runs[0]!.id, 'finished')
    const { artifacts } = await connection.client.call('runs.get', { runId: id })
    const artifact = artifacts.find(({ kind }) => kind === 'checkpoint')!
    const headers = { Authorization: `Bearer ${server.token}` }
    const response = await fetch(`${server.url}artifacts/${artifact.id}`, { headers })
    expect(response.headers.get('content-security-policy')).toMatch(/^sandbox/)
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="${artifact.fileName}"`,
    )
    expect((await response.arrayBuffer()).byteLength).toBe(artifact.sizeBytes)
    expect(await connection.readArtifact(artifact.id)).toHaveLength(artifact.sizeBytes)
    await expect(connection.readArtifact('nope')).rejects.toMatchObject({
      code: 'artifact-not-found',
    })
    connection.client.close()
  })

  it.each(['nope', 'a'.repeat(200), 'A%20B', "'", '..a'])('%s is no artifact', async (id) => {
    const { get } = await fetcher()
    expect((await get(`artifacts/${id}`)).status).toBe(404)
  })
})

describe('the runtime file', () => {
  it('tells only its owner how to reach the engine, and goes with it', async () => {
    const server = await startTestServer()
    const path = runtimePath(server.lab.storeFolder)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readRuntime(path)).toMatchObject({
      pid: process.pid,
      port: server.port,
      token: server.token,
      protocol: 1,
    })
    await server.close()
    expect(existsSync(path)).toBe(false)
  })

  it('a client connects by it and calls', async () => {
    const server = await startTestServer()
    const { client } = await connectEngine(runtimePath(server.lab.storeFolder))
    expect(await client.call('engine.describe', {})).toMatchObject({ pid: process.pid })
    expect(server.clientCount).toBe(1)
    client.close()
    await client.closed
  })

  it('of a dead process, of another protocol, or torn, leads nowhere', async () => {
    const server = await startTestServer()
    const path = runtimePath(server.lab.storeFolder)
    const sound = JSON.parse(readFileSync(path, 'utf8'))
    const other = runtimePath(temporaryFolder())
    const cases: [string, RegExp][] = [
      ['', /no engine/],
      ['{"pid":', /no engine/],
      [JSON.stringify({ ...sound, pid: 2 ** 30 }), /no engine/],
      [JSON.stringify({ ...sound, port: 0 }), /no engine/],
      [JSON.stringify({ ...sound, protocol: 99 }), /speaks protocol 99, this program 1/],
      [JSON.stringify({ ...sound, port: 1 }), /does not answer/],
      [JSON.stringify({ ...sound, token: 'x'.repeat(43) }), /does not answer/],
    ]
    await expect(connectEngine(other)).rejects.toMatchObject({ code: 'engine-unreachable' })
    for (const [content, message] of cases) {
      writeFileSync(other, content)
      await expect(connectEngine(other)).rejects.toThrow(message)
      // Only an engine of another version stands in the way of starting one.
      if (message.source.includes('protocol'))
        await expect(findEngine(other)).rejects.toThrow(message)
      else expect(await findEngine(other)).toBe(null)
    }
  })

  it('every launch has another secret', async () => {
    const tokens = [(await startTestServer()).token, (await startTestServer()).token]
    expect(new Set(tokens).size).toBe(2)
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  })
})

describe('listening', () => {
  it.each(['0.0.0.0', '::', '192.168.1.5', 'example.com'])(
    'on %s needs permission',
    async (host) => {
      await expect(startTestServer({ host })).rejects.toThrow(
        `--allow-remote is given, got ${host}`,
      )
    },
  )

  it('on a taken port is refused by name', async () => {
    const { port } = await startTestServer()
    const lab = openTestLab({ mode: 'look' })
    await expect(startServer({ lab, logger: silentLogger, port })).rejects.toThrow(
      `another program listens on 127.0.0.1 port ${port}`,
    )
  })

  it('for others is warned about', async () => {
    const lab = openTestLab({ mode: 'look' })
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (message: string) => warnings.push(message) }
    await using server = await startServer({ lab, logger, host: '0.0.0.0', allowRemote: true })
    expect(warnings.join()).toContain('0.0.0.0')
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`)
  })
})
