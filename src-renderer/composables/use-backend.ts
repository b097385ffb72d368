import { inject } from 'vue'
import { backendKey, type Backend } from '../backend/backend.ts'

/** The backend this application was given. */
export function useBackend(): Backend {
  const backend = inject(backendKey)
  if (backend === undefined) throw new Error('internal: no backend was provided')
  return backend
}
