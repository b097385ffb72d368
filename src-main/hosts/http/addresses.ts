import { hostname, networkInterfaces } from 'node:os'
import { InputError } from '#base'

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])
const everywhere = new Set(['0.0.0.0', '::'])

/**
 * Refuses to listen beyond this machine unless told so.
 *
 * @throws InputError naming the address.
 */
export function checkAddress(host: string, allowRemote: boolean): void {
  if (allowRemote || loopback.has(host)) return
  throw new InputError(
    'host',
    `host must be 127.0.0.1, ::1 or localhost unless --allow-remote is given, got ${host}`,
  )
}

/** Whether others than this machine can reach an address. */
export const isRemote = (host: string): boolean => !loopback.has(host)

/** Names under which a server at an address may be asked for, without port. */
export function hostNames(host: string): string[] {
  const own = ['localhost', host === '::1' ? '[::1]' : '127.0.0.1']
  if (loopback.has(host)) return own
  if (!everywhere.has(host)) return [bracketed(host), ...own]
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => bracketed(address)),
  )
  return [...own, hostname().toLowerCase(), ...addresses]
}

/** Exact `Host` values for names and a port; browsers leave the port out where it is 80. */
export function authorities(names: readonly string[], port: number): Set<string> {
  const withPort = names.map((name) => `${name}:${String(port)}`)
  return new Set(port === 80 ? [...withPort, ...names] : withPort)
}

/** The address in the form that a URL wants. */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)
