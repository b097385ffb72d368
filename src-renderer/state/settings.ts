import { onScopeDispose, shallowRef, watch, type InjectionKey, type ShallowRef } from 'vue'

export type ColorScheme = 'system' | 'light' | 'dark'

/** What a person chose for this window; kept in the browser. */
export interface Settings {
  readonly scheme: ShallowRef<ColorScheme>
  /** Counts changes of the colors in effect, whoever made them; charts are drawn anew on it. */
  readonly colorRevision: Readonly<ShallowRef<number>>
}

export const settingsKey: InjectionKey<Settings> = Symbol('settings')

const schemes: readonly ColorScheme[] = ['system', 'light', 'dark']
const key = 'saddle.scheme'

/** Settings that follow the system until told otherwise. Belongs to the scope it is made in. */
export function createSettings(storage: Storage = localStorage): Settings {
  const stored = storage.getItem(key)
  const scheme = shallowRef<ColorScheme>(schemes.find((name) => name === stored) ?? 'system')
  const colorRevision = shallowRef(0)
  watch(
    scheme,
    (value) => {
      storage.setItem(key, value)
      if (value === 'system') delete document.documentElement.dataset['theme']
      else document.documentElement.dataset['theme'] = value
      colorRevision.value += 1
    },
    { immediate: true, flush: 'sync' },
  )
  const media = window.matchMedia('(prefers-color-scheme: dark)')
  const onChange = (): void => {
    colorRevision.value += 1
  }
  media.addEventListener('change', onChange)
  onScopeDispose(() => media.removeEventListener('change', onChange))
  return { scheme, colorRevision }
}
