import type { ServerResponse } from 'node:http'
import type { ApiError, ErrorCode } from '#shared/errors'
import { toWire } from '#shared/errors'

const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  // Figures are saved as pictures that the page makes itself.
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Sent with every response; there are no CORS headers, so no other site reads any. */
const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': pagePolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

/** What goes into a response. */
export interface Reply {
  readonly status: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** Headers of a response, the given ones last. */
export function headersOf({ type, headers, body }: Reply): Record<string, string> {
  return {
    ...securityHeaders,
    ...(type === undefined ? {} : { 'Content-Type': type }),
    'Content-Length': String(body === undefined ? 0 : Buffer.byteLength(body)),
    ...headers,
  }
}

/** Sends a response; nothing happens if its connection is gone. */
export function send(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(reply.status, headersOf(reply))
  response.end(response.req.method === 'HEAD' ? undefined : reply.body)
}

/** A refusal in one line of text. */
export const textReply = (status: number, text: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${text}\n`,
})

/** A result or an error as JSON. */
export const jsonReply = (status: number, value: unknown): Reply => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
})

const statuses: Partial<Record<ErrorCode, number>> = {
  'invalid-spec': 422,
  'invalid-argument': 400,
  'file-not-found': 422,
  'run-not-found': 404,
  'artifact-not-found': 404,
  'method-not-found': 404,
  'run-not-resumable': 409,
  'run-already-ended': 409,
  'not-authorized': 401,
}

/** An error in its wire form. */
export const errorReply = (error: ApiError): Reply =>
  jsonReply(statuses[error.code] ?? 500, { error: toWire(error) })
