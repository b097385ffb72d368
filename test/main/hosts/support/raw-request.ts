import { connect, type Socket } from 'node:net'

/** A response as it came over the wire. */
export interface RawResponse {
  /** 0 if the connection ended without one. */
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Sends text over a socket of its own and reads until the other side ends or goes silent. */
export function sendRaw(port: number, text: string, silenceMs = 400): Promise<RawResponse> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    const finish = () => {
      socket.destroy()
      resolve(parseResponse(received))
    }
    socket.setTimeout(silenceMs, finish)
    socket.on('data', (piece) => {
      received += piece.toString('latin1')
      const response = parseResponse(received)
      const length = response.headers.get('content-length')
      const isWhole = length !== undefined && response.body.length >= Number(length)
      if (response.status === 101 || isWhole) finish()
    })
    socket.on('error', finish)
    socket.on('close', finish)
    socket.write(text)
  })
}

/** A request's text. Header values may be lists, for duplicates; undefined leaves a header out. */
export function requestText(
  method: string,
  target: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body = '',
): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`),
  )
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  return [`${method} ${target} HTTP/1.1`, ...lines, ...length, '', body].join('\r\n')
}

/** Resolves when a socket is closed, with the milliseconds that took. */
export function untilClosed(socket: Socket): Promise<number> {
  const started = performance.now()
  return new Promise((resolve) => {
    socket.on('error', () => {})
    socket.on('close', () => resolve(performance.now() - started))
    socket.resume()
  })
}

function parseResponse(text: string): RawResponse {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1] ?? 0),
    headers,
    body: rest.join('\r\n\r\n'),
  }
}
