import type { Channel } from './channel.ts'

/** What a browser's WebSocket and that of `ws` have in common, as far as it is used here. */
export interface SocketLike {
  readonly readyState: number
  send(text: string): void
  close(): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: () => void): void
}

const open = 1

/** The channel over an open WebSocket; binary frames are dropped. */
export function socketChannel(socket: SocketLike): Channel {
  return {
    send(text) {
      if (socket.readyState === open) socket.send(text)
    },
    onMessage(listener) {
      socket.addEventListener('message', ({ data }) => {
        if (typeof data === 'string') listener(data)
      })
    },
    onClose(listener) {
      socket.addEventListener('close', () => {
        listener()
      })
    },
    close() {
      socket.close()
    },
  }
}
