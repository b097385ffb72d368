import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Lab } from '#lab/api'
import { serveChannel, socketChannel } from '#shared/rpc'
import type { ServerLimits } from './limits.ts'

/** The WebSockets of a server. */
export interface Sockets {
  readonly count: number
  /** Takes over a connection whose upgrade the gate has let pass. */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer): void
  close(): void
}

const goingAway = 1001
const tooMany = 1013

/** Serves the contract on WebSockets; a client that does not read or does not answer is cut off. */
export function createSockets(lab: Lab, limits: ServerLimits): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
  })
  const unanswered = new WeakSet<WebSocket>()

  const heartbeat = setInterval(() => {
    for (const socket of server.clients) {
      if (unanswered.has(socket)) {
        socket.terminate()
        continue
      }
      unanswered.add(socket)
      socket.ping()
    }
  }, limits.heartbeatMs)
  heartbeat.unref()

  function serve(socket: WebSocket): void {
    socket.on('pong', () => unanswered.delete(socket))
    // Oversized and malformed frames end here; ws closes the connection itself.
    socket.on('error', () => {})
    if (server.clients.size > limits.sockets) {
      socket.close(tooMany, 'too many clients')
      return
    }
    const channel = socketChannel(socket)
    serveChannel(
      {
        ...channel,
        send(text) {
          // What cannot be sent would pile up here; the client comes back and reads anew.
          if (socket.bufferedAmount > limits.bufferedBytes) socket.terminate()
          else channel.send(text)
        },
      },
      lab,
    )
  }

  return {
    get count() {
      return server.clients.size
    },
    accept(request, connection, head) {
      server.handleUpgrade(request, connection, head, serve)
    },
    close() {
      clearInterval(heartbeat)
      for (const socket of server.clients) {
        socket.close(goingAway, 'the engine ends')
        setTimeout(() => {
          socket.terminate()
        }, 500).unref()
      }
      server.close()
    },
  }
}
