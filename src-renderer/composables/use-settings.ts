import { inject } from 'vue'
import { settingsKey, type Settings } from '../state/settings.ts'

/** The settings this application was given. */
export function useSettings(): Settings {
  const settings = inject(settingsKey)
  if (settings === undefined) throw new Error('internal: no settings were provided')
  return settings
}
