import { onScopeDispose } from 'vue'

/**
 * Collects items and hands them over together, once an animation frame.
 *
 * @returns what takes an item; the rest is dropped when the scope ends.
 */
export function useFrameBatch<T>(apply: (items: readonly T[]) => void): (item: T) => void {
  let items: T[] = []
  let frame = 0
  onScopeDispose(() => cancelAnimationFrame(frame))
  return (item) => {
    items.push(item)
    if (items.length > 1) return
    frame = requestAnimationFrame(() => {
      const batch = items
      items = []
      apply(batch)
    })
  }
}
