/** The target of a request, taken apart once for gate and routes alike. */
export interface RequestTarget {
  /** Starts with one `/`; holds no encoded separator, no dot segment, no `//`. */
  readonly path: string
  readonly query: URLSearchParams
}

const printable = /^[\x21-\x7e]+$/
const encodedTrap = /%(?:2f|5c|2e|25|00)/i

/**
 * Reads the target of a request line; null if it is of a form that parsers may read differently.
 *
 * @param authorities - Hosts whose absolute form (`http://HOST/…`) is read as ours.
 */
export function parseTarget(
  target: string,
  authorities: ReadonlySet<string>,
): RequestTarget | null {
  if (!printable.test(target) || target.includes('\\') || target.includes('#')) return null
  const origin = [...authorities].find((host) => target.startsWith(`http://${host}/`))
  const local = origin === undefined ? target : target.slice(`http://${origin}`.length)
  if (!local.startsWith('/')) return null
  const [rawPath = ''] = local.split('?', 1)
  if (rawPath.includes('//') || encodedTrap.test(rawPath)) return null
  const base = 'http://engine.invalid'
  if (!URL.canParse(local, base)) return null
  const url = new URL(local, base)
  // What the parser changed (dot segments, odd letters) another parser may read as something else.
  if (url.origin !== base || url.pathname !== rawPath) return null
  return { path: rawPath, query: url.searchParams }
}
