import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares in a time that says nothing about the secret, whatever the lengths. */
export function equalsSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}

/** Cookies go to every port of a host, so the name tells engines apart. */
export const cookieName = (port: number): string => `saddle-${String(port)}`

/** The header that gives a browser the token. */
export const sessionCookie = (port: number, token: string): string =>
  `${cookieName(port)}=${token}; Path=/; HttpOnly; SameSite=Strict`

/** Every value of a cookie: another program on this host may have set one of the same name. */
export function cookieValues(header: string | undefined, name: string): string[] {
  if (header === undefined) return []
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .slice(0, 8)
    .map((pair) => pair.slice(name.length + 1))
}

/** The token of an `Authorization: Bearer` header; null if it is anything else. */
export function bearerToken(header: string | undefined): string | null {
  return /^Bearer ([A-Za-z0-9_-]+)$/.exec(header ?? '')?.[1] ?? null
}
