/**
 * Calls back once when nothing was going on for a while.
 *
 * @param isBusy - Looked at once a second.
 * @returns The function that stops watching.
 */
export function watchIdle(isBusy: () => boolean, graceMs: number, onIdle: () => void): () => void {
  const stepMs = Math.min(1_000, graceMs)
  let idleMs = 0
  const timer = setInterval(() => {
    idleMs = isBusy() ? 0 : idleMs + stepMs
    if (idleMs < graceMs) return
    clearInterval(timer)
    onIdle()
  }, stepMs)
  return () => {
    clearInterval(timer)
  }
}
