import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

// The renderer never sees main, so base/clock.ts is out of reach; this file is its clock.
// eslint-disable-next-line no-restricted-syntax
const wallMs = (): number => Date.now()

/** Milliseconds since 1970, told anew every second while in use. */
export function useNow(): Readonly<ShallowRef<number>> {
  const now = shallowRef(wallMs())
  const timer = setInterval(() => (now.value = wallMs()), 1_000)
  onScopeDispose(() => clearInterval(timer))
  return now
}
