import { createServer, type IncomingMessage, type Server } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecret, InputError, isoNow, type Logger } from '#base'
import type { Lab } from '#lab/api'
import { protocolVersion } from '#shared/contract'
import { authorities, bracketed, checkAddress, hostNames, isRemote } from './addresses.ts'
import { judgeRequest, type GatePolicy, type GateVerdict } from './gate.ts'
import { defaultLimits, type ServerLimits } from './limits.ts'
import { headersOf, send, textReply, type Reply } from './responses.ts'
import { route } from './routes.ts'
import { removeRuntime, runtimePath, writeRuntime } from './runtime-file.ts'
import { createSockets } from './sockets.ts'
import { loadStaticFiles } from './static-files.ts'
import { sessionCookie } from './token.ts'

/** How {@link startServer} serves. */
export interface ServerOptions {
  readonly lab: Lab
  /** Folder of the built interface; without one only the API is served. */
  readonly staticFolder?: string | undefined
  readonly logger: Logger
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 for any free one. @default 0 */
  readonly port?: number
  /** @default a new 256-bit secret */
  readonly token?: string
  /** Whether an address that others can reach is taken. @default false */
  readonly allowRemote?: boolean
  readonly limits?: Partial<ServerLimits>
}

/** A server that listens. */
export interface EngineServer {
  readonly port: number
  /** Address without the token. */
  readonly url: string
  /** Address that signs a browser in. */
  readonly signInUrl: string
  readonly token: string
  /** Clients connected by WebSocket. */
  readonly clientCount: number
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Serves a lab over HTTP and WebSocket behind the gate, and writes the runtime file into its store.
 *
 * @throws InputError for an address that is not allowed or a port that is taken.
 */
export async function startServer(options: ServerOptions): Promise<EngineServer> {
  const { lab, logger, host = '127.0.0.1', token = createSecret() } = options
  checkAddress(host, options.allowRemote ?? false)
  if (token.length < 32) throw new InputError('token', 'token must have 32 characters or more')
  const limits: ServerLimits = { ...defaultLimits, ...options.limits }
  const files =
    options.staticFolder === undefined ? new Map() : loadStaticFiles(options.staticFolder)
  const sockets = createSockets(lab, limits)
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkMs,
  })
  server.maxHeadersCount = limits.headerCount
  server.maxConnections = limits.connections

  const port = await listen(server, host, options.port ?? 0)
  const names = hostNames(host)
  const policy: GatePolicy = {
    port,
    token,
    hosts: authorities(names, port),
    origins: new Set([...authorities(names, port)].map((authority) => `http://${authority}`)),
  }

  server.on('request', (request, response) => {
    const verdict = judge(request, policy, false)
    if (verdict.kind === 'pass') {
      const context = { lab, files, bodyBytes: limits.bodyBytes }
      void route(request, response, verdict.target, context)
      return
    }
    // A refused body is not read, so nothing else can come over this connection.
    if (request.method === 'POST') response.setHeader('Connection', 'close')
    send(response, replyTo(verdict, policy))
  })
  server.on('upgrade', (request, connection, head) => {
    connection.on('error', () => {}) // a client that hangs up in the middle
    const verdict = judge(request, policy, true)
    if (verdict.kind === 'pass' && verdict.target.path === '/rpc') {
      sockets.accept(request, connection, head)
    } else {
      const missing = textReply(404, 'a WebSocket is served at /rpc only')
      refuseUpgrade(connection, verdict.kind === 'pass' ? missing : replyTo(verdict, policy))
    }
  })

  const runtime = {
    pid: process.pid,
    host: isIP(host) !== 0 && !['0.0.0.0', '::'].includes(host) ? host : '127.0.0.1',
    port,
    token,
    protocol: protocolVersion,
    startedAt: isoNow(),
  }
  const path = runtimePath(lab.storeFolder)
  writeRuntime(path, runtime)
  lab.announcePort(port)
  if (isRemote(host)) {
    logger.warn(`listening on ${host}: whoever can read this traffic can take over the engine`)
  }

  let closing: Promise<void> | null = null
  async function close(): Promise<void> {
    removeRuntime(path, runtime)
    sockets.close()
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve()
      })
    })
    server.closeIdleConnections()
    const timer = setTimeout(() => {
      server.closeAllConnections()
    }, 1_000)
    await closed
    clearTimeout(timer)
  }
  const url = `http://${bracketed(runtime.host)}:${String(port)}/`
  const closeOnce = () => (closing ??= close())
  return {
    port,
    url,
    signInUrl: `${url}?token=${token}`,
    token,
    get clientCount() {
      return sockets.count
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const at = `${host} port ${String(port)}`
      const problems: Readonly<Record<string, string>> = {
        EADDRINUSE: `another program listens on ${at}; choose another port, or 0 for a free one`,
        EACCES: `this user may not listen on ${at}; choose a port above 1023`,
      }
      const message = problems[error.code ?? ''] ?? `cannot listen on ${at}: ${error.message}`
      reject(new InputError('port', message, { cause: error }))
    })
    server.listen(port, host, () => {
      resolve((server.address() as AddressInfo).port)
    })
  })
}

const judge = (request: IncomingMessage, policy: GatePolicy, isUpgrade: boolean): GateVerdict =>
  judgeRequest(
    {
      method: request.method ?? '',
      target: request.url ?? '',
      rawHeaders: request.rawHeaders,
      isUpgrade,
    },
    policy,
  )

function replyTo(verdict: Exclude<GateVerdict, { kind: 'pass' }>, policy: GatePolicy): Reply {
  if (verdict.kind === 'refuse') {
    const hint =
      verdict.status === 401 ? '; open the address that saddle printed, or start it again' : ''
    return textReply(verdict.status, verdict.reason + hint)
  }
  const headers = { 'Set-Cookie': sessionCookie(policy.port, policy.token) }
  if (!verdict.isForeignNavigation) return { status: 302, headers: { ...headers, Location: '/' } }
  // After a redirect the browser still counts as coming from elsewhere and holds a strict cookie
  // back; a page of our own that moves on does not have that problem.
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    headers,
    body: '<!doctype html><meta http-equiv="refresh" content="0;url=/"><a href="/">Saddle</a>\n',
  }
}

function refuseUpgrade(connection: Duplex, reply: Reply): void {
  const headers = Object.entries({ ...headersOf(reply), Connection: 'close' })
  const lines = [
    `HTTP/1.1 ${String(reply.status)} Refused`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  connection.end(`${lines.join('\r\n')}\r\n\r\n${String(reply.body ?? '')}`)
  setTimeout(() => connection.destroy(), 1_000).unref()
}
