import { randomBytes, randomUUID } from 'node:crypto'
import { wallMs } from './clock.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A short id that sorts by creation time and has no look-alike letters, e.g. `1k3v9x2m-7hq4`. */
export function createId(): string {
  let time = wallMs()
  let text = ''
  for (let i = 0; i < 9; i += 1) {
    text = (alphabet[time % 32] ?? '') + text
    time = Math.floor(time / 32)
  }
  const tail = [...randomBytes(5)].map((byte) => alphabet[byte % 32] ?? '').join('')
  return `${text}-${tail}`
}

/** An id for an incident in the log. */
export const createIncidentId = (): string => randomUUID().slice(0, 8)

/** A 256-bit secret in base64url. */
export const createSecret = (): string => randomBytes(32).toString('base64url')
