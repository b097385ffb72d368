import { onScopeDispose } from 'vue'

const dialog = '[role="dialog"], [role="alertdialog"]'

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/** Single-key shortcuts of the whole window, silent while a person types or a dialog is open. */
export function useShortcuts(actions: Record<string, () => void>): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (isTyping(event.target) || document.querySelector(dialog) !== null) return
    const action = actions[event.key]
    if (action === undefined) return
    event.preventDefault()
    action()
  }
  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}
