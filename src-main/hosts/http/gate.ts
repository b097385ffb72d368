import { parseTarget, type RequestTarget } from './request-target.ts'
import { bearerToken, cookieName, cookieValues, equalsSecret } from './token.ts'

/** What the gate lets in. */
export interface GatePolicy {
  readonly port: number
  readonly token: string
  /** Exact values of `Host`, with their port. */
  readonly hosts: ReadonlySet<string>
  /** Exact values of `Origin`. */
  readonly origins: ReadonlySet<string>
}

/** A request as it came, before anything is made of it. */
export interface GateRequest {
  readonly method: string
  readonly target: string
  /** Names and values by turns, as Node keeps them: duplicates are still there. */
  readonly rawHeaders: readonly string[]
  readonly isUpgrade: boolean
}

/** `sign-in`: it carries the token in its address and gets the cookie for it. */
export type GateVerdict =
  | { readonly kind: 'pass'; readonly target: RequestTarget }
  | { readonly kind: 'sign-in'; readonly isForeignNavigation: boolean }
  | { readonly kind: 'refuse'; readonly status: number; readonly reason: string }

const safeMethods = new Set(['GET', 'HEAD'])
/** Headers that decide; two of them are one too many. */
const singleHeaders = new Set([
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-length',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
  'x-saddle',
])

/** Judges a request or an upgrade before it is routed. */
export function judgeRequest(request: GateRequest, policy: GatePolicy): GateVerdict {
  const headers = readHeaders(request.rawHeaders)
  if (headers === null) return refuse(400, 'a header that must be single is there twice')
  const host = headers.get('host') ?? ''
  if (!policy.hosts.has(host)) return refuse(403, 'this Host is not served here')
  const target = parseTarget(request.target, policy.hosts)
  if (target === null) return refuse(400, 'the address is malformed')
  const isSafe = safeMethods.has(request.method)
  if (!isSafe && request.method !== 'POST') return refuse(405, 'the method is not allowed')
  if (request.isUpgrade && request.method !== 'GET') return refuse(405, 'an upgrade must be a GET')

  const origin = headers.get('origin')
  if (origin !== undefined && !policy.origins.has(origin)) {
    return refuse(403, 'this Origin is not allowed')
  }
  const site = headers.get('sec-fetch-site')
  const isOwnSite = site === undefined || site === 'none' || site === 'same-origin'
  const isForeignNavigation = !isOwnSite && isTopNavigation(headers)
  const given = target.query.get('token')
  if (given !== null) {
    const isSignIn = isSafe && !request.isUpgrade && target.path === '/'
    if (!isSignIn) return refuse(400, 'a token in the address is taken at / only')
    // A redirect file makes the browser come from elsewhere; who holds the token may.
    if (!isOwnSite && !isForeignNavigation)
      return refuse(403, 'requests of other sites are refused')
    if (!equalsSecret(given, policy.token)) return refuse(401, 'the token is wrong or outdated')
    return { kind: 'sign-in', isForeignNavigation }
  }
  if (!isOwnSite) return refuse(403, 'requests of other sites are refused')

  const bearer = bearerToken(headers.get('authorization'))
  const hasBearer = bearer !== null && equalsSecret(bearer, policy.token)
  const hasCookie = cookieValues(headers.get('cookie'), cookieName(policy.port)).some((value) =>
    equalsSecret(value, policy.token),
  )
  if (!hasBearer && !hasCookie) return refuse(401, 'a valid token is needed')
  // A browser names the origin of every upgrade and of every request that changes something.
  if (origin === undefined && !hasBearer && (!isSafe || request.isUpgrade)) {
    return refuse(403, 'without an Origin a bearer token is needed')
  }
  if (!isSafe && !isJson(headers.get('content-type'))) {
    return refuse(415, 'the body must be application/json')
  }
  if (!isSafe && !headers.has('x-saddle')) return refuse(403, 'the header x-saddle is needed')
  return { kind: 'pass', target }
}

const refuse = (status: number, reason: string): GateVerdict => ({ kind: 'refuse', status, reason })

function readHeaders(raw: readonly string[]): Map<string, string> | null {
  const headers = new Map<string, string>()
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    const value = raw[i + 1] ?? ''
    const known = headers.get(name)
    if (known !== undefined && singleHeaders.has(name)) return null
    headers.set(name, known !== undefined && name === 'cookie' ? `${known}; ${value}` : value)
  }
  return headers
}

const isTopNavigation = (headers: ReadonlyMap<string, string>): boolean =>
  headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'

const isJson = (contentType: string | undefined): boolean =>
  /^application\/json(?:;\s*charset=utf-8)?$/i.test(contentType ?? '')
