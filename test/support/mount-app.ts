import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { effectScope } from 'vue'
import { createMemoryHistory, type Router } from 'vue-router'
import type { FigureOption } from '#shared/figures'
import App from '../../src-renderer/App.vue'
import { backendKey } from '../../src-renderer/backend/backend.ts'
import {
  createRecordedBackend,
  type RecordedBackend,
  type Recording,
} from '../../src-renderer/backend/recorded.ts'
import { chartFactoryKey } from '../../src-renderer/charts/chart-factory.ts'
import { createPages } from '../../src-renderer/router.ts'
import { createSettings, settingsKey } from '../../src-renderer/state/settings.ts'

export interface MountedApp extends AsyncDisposable {
  readonly app: VueWrapper
  readonly backend: RecordedBackend
  readonly router: Router
  /** Options drawn so far, oldest first. */
  readonly drawn: readonly FigureOption[]
  text(): string
  /** Waits for answers, the next animation frame and the page after them. */
  settle(): Promise<void>
}

/** Text as it is read out: a space between elements. */
function readText(root: Node): string {
  const parts: string[] = []
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (walker.nextNode() !== null) parts.push(walker.currentNode.textContent ?? '')
  return parts.join(' ').replace(/\s+/g, ' ')
}

/** The whole application over a recorded engine; charts are noted, not drawn. */
export async function mountApp(recording: Recording, path: string): Promise<MountedApp> {
  const backend = createRecordedBackend(recording)
  const router = createPages(createMemoryHistory())
  const scope = effectScope(true)
  const settings = scope.run(() => createSettings())!
  const drawn: FigureOption[] = []
  await router.push(path)
  const app = mount(App, {
    attachTo: document.body,
    global: {
      plugins: [router],
      provide: {
        [backendKey as symbol]: backend,
        [settingsKey as symbol]: settings,
        [chartFactoryKey]: () => ({
          draw: (option: FigureOption) => drawn.push(option),
          resize: () => {},
          dispose: () => {},
        }),
      },
    },
  })
  const settle = async (): Promise<void> => {
    await flushPromises()
    await new Promise((resolve) => requestAnimationFrame(resolve))
    await flushPromises()
  }
  await settle()
  return {
    app,
    backend,
    router,
    drawn,
    text: () => readText(app.element.parentNode ?? app.element),
    settle,
    async [Symbol.asyncDispose]() {
      app.unmount()
      scope.stop()
      backend.dispose()
      localStorage.clear()
      await flushPromises()
    },
  }
}
