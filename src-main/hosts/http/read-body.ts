import type { IncomingMessage } from 'node:http'

/** The body of a request as text; null as soon as it is too long. */
export async function readBody(
  request: IncomingMessage,
  limitBytes: number,
): Promise<string | null> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return null
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > limitBytes) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
