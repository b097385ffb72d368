import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestText, sendRaw } from '../support/raw-request.ts'
import { startTestServer } from '../support/test-server.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const upgrade = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': key,
  'Sec-WebSocket-Version': '13',
}

type Way = 'GET' | 'POST' | 'UPGRADE'
type Headers = Record<string, string | readonly string[] | undefined>

/** One server for a table, so that a row costs one connection. */
async function asker() {
  const server = await startTestServer()
  const { port, token } = server
  const fill = (text: string) => text.replaceAll('PORT', String(port)).replaceAll('TOKEN', token)
  async function ask(way: Way, headers: Headers, target?: string): Promise<number> {
    const all: Headers = {
      Host: 'localhost:PORT',
      ...(way === 'UPGRADE' ? upgrade : {}),
      ...(way === 'POST' ? { 'Content-Type': 'application/json', 'x-saddle': '1' } : {}),
      ...headers,
    }
    const filled = Object.fromEntries(
      Object.entries(all).map(([name, value]) => [
        name,
        value === undefined ? undefined : [value].flat().map(fill),
      ]),
    )
    const path = { GET: '/', POST: '/rpc/engine.describe', UPGRADE: '/rpc' }[way]
    const text = requestText(
      way === 'UPGRADE' ? 'GET' : way,
      fill(target ?? path),
      filled,
      way === 'POST' ? '{}' : '',
    )
    return (await sendRaw(port, text)).status
  }
  return { ask, server }
}

const cookie = { Cookie: 'saddle-PORT=TOKEN' }
const bearer = { Authorization: 'Bearer TOKEN' }
const passed = { GET: 200, POST: 200, UPGRADE: 101 }
const ways: Way[] = ['GET', 'POST', 'UPGRADE']

describe('the gate: Host × method', () => {
  const hosts: [string, string | readonly string[] | undefined, boolean][] = [
    ['127.0.0.1 with the port', '127.0.0.1:PORT', true],
    ['localhost with the port', 'localhost:PORT', true],
    ['no Host', undefined, false],
    ['an empty one', '', false],
    ['no port', '127.0.0.1', false],
    ['another port', 'localhost:1', false],
    ['a rebound name', 'evil.example:PORT', false],
    ['a name that begins like ours', '127.0.0.1.evil:PORT', false],
    ['user info', 'localhost@evil:PORT', false],
    ['our address as user info', 'localhost:PORT@evil', false],
    ['an IPv6 form while listening on IPv4', '[::1]:PORT', false],
    ['an IPv4-mapped form', '[::ffff:127.0.0.1]:PORT', false],
    ['a decimal form', '2130706433:PORT', false],
    ['a short form', '127.1:PORT', false],
    ['a trailing dot', 'localhost.:PORT', false],
    ['capitals', 'LOCALHOST:PORT', false],
    ['two of them', ['localhost:PORT', 'localhost:PORT'], false],
    ['ours, then another', ['localhost:PORT', 'evil:PORT'], false],
  ]
  it('only our exact names pass', async () => {
    const { ask } = await asker()
    for (const [name, host, isAllowed] of hosts) {
      for (const way of ways) {
        const status = await ask(way, { Host: host, ...bearer })
        if (isAllowed) expect(status, `${way} with ${name}`).toBe(passed[way])
        else expect([400, 403], `${way} with ${name}`).toContain(status)
      }
    }
  })

  it('a server on ::1 has the bracketed form on its list', async () => {
    const server = await startTestServer({ host: '::1' })
    expect(server.url).toBe(`http://[::1]:${server.port}/`)
    const response = await fetch(server.url, {
      headers: { Authorization: `Bearer ${server.token}` },
    })
    expect(response.status).toBe(200)
  })
})

describe('the gate: Origin × method × credential', () => {
  const foreign = [
    'null',
    '',
    'http://evil.example',
    'http://127.0.0.1.evil',
    'http://127.0.0.1.evil:PORT',
    'http://localhost:1',
    'http://localhost',
    'http://localhost@evil',
    'http://localhost:PORT@evil',
    'https://localhost:PORT',
    'http://[::1]:PORT',
    'http://LOCALHOST:PORT',
    'http://localhost:PORT/',
    'http://localhost:PORT.evil',
    'file://',
    'app://saddle',
    'chrome-extension://abc',
  ]
  it('foreign origins are refused whatever the credential', async () => {
    const { ask } = await asker()
    for (const origin of foreign) {
      for (const way of ways) {
        for (const credential of [cookie, bearer]) {
          const status = await ask(way, { Origin: origin, ...credential })
          expect(status, `${way} from ${origin}`).toBe(403)
        }
      }
    }
  })

  it('our origins pass with either credential, also if Host is the other name', async () => {
    const { ask } = await asker()
    for (const origin of ['http://localhost:PORT', 'http://127.0.0.1:PORT']) {
      for (const way of ways) {
        for (const credential of [cookie, bearer]) {
          expect(await ask(way, { Origin: origin, ...credential }), way).toBe(passed[way])
        }
      }
    }
  })

  it('without Origin, a cookie reads pages but neither calls nor upgrades', async () => {
    const { ask } = await asker()
    expect(await ask('GET', cookie)).toBe(200)
    expect(await ask('POST', cookie)).toBe(403)
    expect(await ask('UPGRADE', cookie)).toBe(403)
  })

  it('without Origin, a bearer token does all', async () => {
    const { ask } = await asker()
    for (const way of ways) expect(await ask(way, bearer)).toBe(passed[way])
  })

  it('two origins are one too many', async () => {
    const { ask } = await asker()
    const Origin = ['http://localhost:PORT', 'http://localhost:PORT']
    for (const way of ways) expect(await ask(way, { Origin, ...cookie })).toBe(400)
  })
})

describe('the gate: credentials', () => {
  const wrong: [string, Headers][] = [
    ['none', {}],
    ['an empty cookie', { Cookie: 'saddle-PORT=' }],
    ['a cookie of another port', { Cookie: 'saddle-1=TOKEN' }],
    ['a cookie with a wrong value', { Cookie: 'saddle-PORT=TOKENx' }],
    ['a token without its last letter', { Cookie: 'saddle-PORT=TOKE' }],
    ['an empty bearer', { Authorization: 'Bearer ' }],
    ['a wrong bearer', { Authorization: 'Bearer abc' }],
    ['the token as basic', { Authorization: 'Basic TOKEN' }],
    ['the token alone', { Authorization: 'TOKEN' }],
  ]
  it.each(wrong)('%s is refused', async (_, headers) => {
    const { ask } = await asker()
    for (const way of ways) {
      expect(await ask(way, { Origin: 'http://localhost:PORT', ...headers })).toBe(401)
    }
  })

  it('a cookie that another program set beside ours does not lock us out', async () => {
    const { ask } = await asker()
    expect(await ask('GET', { Cookie: 'saddle-PORT=junk; a=b; saddle-PORT=TOKEN' })).toBe(200)
  })

  it('the cookie of an engine before a restart is worth nothing', async () => {
    const first = await startTestServer()
    const { ask } = await asker()
    expect(await ask('GET', { Cookie: `saddle-PORT=${first.token}` })).toBe(401)
  })

  it('a short token is not taken', async () => {
    await expect(startTestServer({ token: 'password' })).rejects.toThrow('32 characters')
  })
})

describe('the gate: fetch metadata and unsafe methods', () => {
  it.each([
    ['none', 200],
    ['same-origin', 200],
    ['same-site', 403],
    ['cross-site', 403],
    ['', 403],
  ])('Sec-Fetch-Site %j', async (site, status) => {
    const { ask } = await asker()
    expect(await ask('GET', { 'Sec-Fetch-Site': site, ...cookie })).toBe(status)
  })

  it.each([
    ['without the header x-saddle', { 'x-saddle': undefined }, 403],
    ['as a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['as text', { 'Content-Type': 'text/plain' }, 415],
    ['without a type', { 'Content-Type': undefined }, 415],
    ['as almost JSON', { 'Content-Type': 'application/json, text/plain' }, 415],
    ['as JSON in UTF-8', { 'Content-Type': 'application/json; charset=utf-8' }, 200],
  ])('POST %s', async (_, headers, status) => {
    const { ask } = await asker()
    expect(await ask('POST', { ...bearer, ...headers })).toBe(status)
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    '%s is not allowed and gets no CORS header',
    async (method) => {
      const { port, token } = await startTestServer()
      const response = await sendRaw(
        port,
        requestText(method, '/rpc/runs.list', {
          Host: `localhost:${port}`,
          Origin: `http://localhost:${port}`,
          Authorization: `Bearer ${token}`,
          'Access-Control-Request-Method': 'POST',
        }),
      )
      expect(response.status).toBe(405)
      expect([...response.headers.keys()].join()).not.toContain('access-control')
    },
  )
})

describe('the gate: addresses', () => {
  const malformed = [
    '//',
    '//evil.example/',
    '/a//b',
    '/\\evil',
    '\\',
    '/a\\..\\b',
    '/..',
    '/../outside.html',
    '/assets/../index.html',
    '/./index.html',
    '/%2e%2e/outside.html',
    '/%2E%2E%2Foutside.html',
    '/..%2foutside.html',
    '/%5c..%5coutside.html',
    '/%252e%252e/outside.html',
    '/a%00b',
    'http://evil.example/',
    'http://localhost:1/',
    'http://localhost@evil/',
    'http://localhost:PORT@evil/',
    'https://localhost:PORT/',
    'file:///etc/passwd',
    'index.html',
    '*',
    '/index.html#x',
    '/ü',
    '/<script>',
  ]
  it.each(malformed)('%s is refused', async (target) => {
    const { ask } = await asker()
    expect(await ask('GET', bearer, target)).toBe(400)
    expect(await ask('UPGRADE', bearer, target)).toBe(400)
  })

  it('the absolute form of our own address is ours', async () => {
    const { ask } = await asker()
    expect(await ask('GET', bearer, 'http://localhost:PORT/index.html')).toBe(200)
  })

  it('no target of odd pieces ever reaches a file that is not on the list', async () => {
    const { server } = await asker()
    const piece = fc.constantFrom(
      '/',
      '//',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '\\',
      'outside.html',
      'secret.pem',
      'renderer',
      '?',
      'assets',
      ';',
      '%',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const text = requestText('GET', `/${pieces.join('')}`, {
          Host: `localhost:${server.port}`,
          Authorization: `Bearer ${server.token}`,
          Connection: 'close',
        })
        const { status, body } = await sendRaw(server.port, text)
        expect([200, 400, 404]).toContain(status)
        expect(body).not.toMatch(/outside|no type/)
      }),
      { numRuns: 150, seed: 1 },
    )
  })
})

describe('signing in', () => {
  const signIn = async (headers: Record<string, string>, token?: string, path = '/') => {
    const server = await startTestServer()
    const { port } = server
    const target = `${path}?token=${token ?? server.token}`
    const text = requestText('GET', target, { Host: `127.0.0.1:${port}`, ...headers })
    return { server, response: await sendRaw(port, text) }
  }

  it('a token in the address becomes a strict cookie and leaves the address', async () => {
    const { server, response } = await signIn({ 'Sec-Fetch-Site': 'none' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/')
    expect(response.headers.get('set-cookie')).toBe(
      `saddle-${server.port}=${server.token}; Path=/; HttpOnly; SameSite=Strict`,
    )
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('a browser that comes from the redirect file moves on by a page of ours', async () => {
    const { server, response } = await signIn({
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('set-cookie')).toContain(server.token)
    expect(response.body).not.toContain(server.token)
  })

  it('other sites cannot sign in by an embedded request', async () => {
    const { response } = await signIn({
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'no-cors',
      'Sec-Fetch-Dest': 'image',
    })
    expect(response.status).toBe(403)
  })

  it('a wrong token is refused without a cookie', async () => {
    const { response } = await signIn({}, 'x'.repeat(43))
    expect(response.status).toBe(401)
    expect(response.headers.has('set-cookie')).toBe(false)
  })

  it('a token is taken nowhere else', async () => {
    for (const path of ['/index.html', '/rpc', '/artifacts/a']) {
      expect((await signIn({}, undefined, path)).response.status).toBe(400)
    }
  })
})
