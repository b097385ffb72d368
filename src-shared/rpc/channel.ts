/** A two-way pipe of text frames: a WebSocket, a pair in memory, a port between processes. */
export interface Channel {
  /** Sends one frame; a closed channel drops it. */
  send(text: string): void
  /** Hears frames in order of arrival. */
  onMessage(listener: (text: string) => void): void
  /** Hears the end of the channel, from either side. */
  onClose(listener: () => void): void
  close(): void
}
