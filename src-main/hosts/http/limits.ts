/** What a client may cost; all durations in milliseconds. */
export interface ServerLimits {
  readonly connections: number
  readonly sockets: number
  readonly headerBytes: number
  readonly headerCount: number
  readonly bodyBytes: number
  readonly frameBytes: number
  /** Unsent bytes of a WebSocket at which its client counts as gone. */
  readonly bufferedBytes: number
  /** From the connection to the end of the headers. */
  readonly headersMs: number
  /** From the start of a request to the end of its body. */
  readonly requestMs: number
  /** Between two requests of a connection. */
  readonly keepAliveMs: number
  /** Between two pings of a WebSocket; one unanswered ping ends it. */
  readonly heartbeatMs: number
  /** Between two looks at the deadlines above. */
  readonly checkMs: number
}

/** Connections leave room for a thousand idle ones, which are gone after `headersMs`. */
export const defaultLimits: ServerLimits = {
  connections: 2_048,
  sockets: 64,
  headerBytes: 16 * 1024,
  headerCount: 64,
  bodyBytes: 1024 * 1024,
  frameBytes: 1024 * 1024,
  bufferedBytes: 32 * 1024 * 1024,
  headersMs: 10_000,
  requestMs: 20_000,
  keepAliveMs: 5_000,
  heartbeatMs: 30_000,
  checkMs: 1_000,
}
