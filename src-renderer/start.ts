import '@fontsource-variable/inter/wght.css'
import '@fontsource/jetbrains-mono/latin-400.css'
import { createApp, effectScope } from 'vue'
import App from './App.vue'
import { backendKey, type Backend } from './backend/backend.ts'
import { createPages } from './router.ts'
import { createSettings, settingsKey } from './state/settings.ts'
import './styles/tokens.css'
import './styles/base.css'

/** Mounts the application over a backend. */
export function startApplication(backend: Backend): void {
  const settings = effectScope(true).run(() => createSettings())
  if (settings === undefined) throw new Error('internal: the scope of the settings ended')
  createApp(App)
    .use(createPages())
    .provide(backendKey, backend)
    .provide(settingsKey, settings)
    .mount('#app')
}
