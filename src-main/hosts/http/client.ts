import { WebSocket } from 'ws'
import { protocolVersion } from '#shared/contract'
import { ApiError } from '#shared/errors'
import { createClient, socketChannel, type RpcClient } from '#shared/rpc'
import { bracketed } from './addresses.ts'
import { readRuntime, type Runtime } from './runtime-file.ts'

/** A client that is connected to a running engine. */
export interface EngineConnection {
  readonly client: RpcClient
  readonly pid: number
  readonly port: number
  readonly token: string
  /** Address without the token. */
  readonly url: string
  /** Address that signs a browser in. */
  readonly signInUrl: string
  /** Content of a registered file. @throws ApiError `artifact-not-found`, `engine-unreachable`. */
  readArtifact(id: string): Promise<Uint8Array>
}

const connectMs = 5_000

/**
 * Connects to the engine that a runtime file names.
 *
 * @throws ApiError `engine-unreachable` if there is none, it does not answer, or it speaks another
 *   version of the protocol; then `detail.reason` is `absent`, `silent` or `protocol`.
 */
export async function connectEngine(runtimeFile: string): Promise<EngineConnection> {
  const runtime = readRuntime(runtimeFile)
  if (runtime === null) throw unreachable('absent', 'no engine is running for this store')
  if (runtime.protocol !== protocolVersion) {
    const message =
      `the engine of process ${String(runtime.pid)} speaks protocol ` +
      `${String(runtime.protocol)}, this program ${String(protocolVersion)}; end it and try again`
    throw unreachable('protocol', message)
  }
  const socket = new WebSocket(`ws://${bracketed(runtime.host)}:${String(runtime.port)}/rpc`, {
    headers: { Authorization: `Bearer ${runtime.token}` },
    handshakeTimeout: connectMs,
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => {
      socket.on('error', () => {}) // 'close' follows and tells all that matters
      resolve()
    })
    socket.once('error', (error) => {
      const where = `process ${String(runtime.pid)}, port ${String(runtime.port)}`
      reject(unreachable('silent', `the engine (${where}) does not answer: ${error.message}`))
    })
  })
  const { pid, port, token } = runtime
  const url = `http://${bracketed(runtime.host)}:${String(port)}/`
  return {
    client: createClient(socketChannel(socket)),
    pid,
    port,
    token,
    url,
    signInUrl: `${url}?token=${token}`,
    readArtifact: (id) => readArtifact(url, runtime, id),
  }
}

/**
 * Connects to the engine that a runtime file names, if it is there.
 *
 * @returns Null also for a file that outlived its engine, whose process id or port another program
 *   has now.
 * @throws ApiError `engine-unreachable` for an engine that speaks another version of the protocol.
 */
export async function findEngine(runtimeFile: string): Promise<EngineConnection | null> {
  try {
    return await connectEngine(runtimeFile)
  } catch (error) {
    if (error instanceof ApiError && !isProtocolProblem(error)) return null
    throw error
  }
}

const isProtocolProblem = ({ detail }: ApiError): boolean =>
  typeof detail === 'object' &&
  detail !== null &&
  'reason' in detail &&
  detail.reason === 'protocol'

async function readArtifact(url: string, { token }: Runtime, id: string): Promise<Uint8Array> {
  const headers = { Authorization: `Bearer ${token}` }
  const response = await fetch(`${url}artifacts/${encodeURIComponent(id)}`, { headers })
  if (response.ok) return new Uint8Array(await response.arrayBuffer())
  const message = `the engine refused artifact ${id} (${String(response.status)})`
  throw new ApiError('artifact-not-found', message)
}

const unreachable = (reason: string, message: string): ApiError =>
  new ApiError('engine-unreachable', message, { reason })
