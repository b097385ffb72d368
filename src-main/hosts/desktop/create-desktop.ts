import type { BrowserWindow } from 'electron'
import type { Logger } from '#base'
import type { RunSummary } from '#shared/schemas'
import type { RpcClient } from '#shared/rpc'
import { openMainWindow } from './main-window.ts'
import { overallShare, watchRuns, type RunWatch } from './run-watch.ts'
import { denyPermissions } from './secure-session.ts'
import type { ElectronShell } from './shell.ts'

/** An engine that the desktop talks to. */
export interface DesktopEngine {
  readonly client: RpcClient
  readonly signInUrl: string
}

/** What the desktop is wired to. */
export interface DesktopDeps {
  /** Attaches to the engine of the store, or starts one and attaches. */
  readonly attach: () => Promise<DesktopEngine>
  readonly preload: string
  readonly icon?: string
  readonly logger: Logger
}

/** The running shell. */
export interface Desktop {
  /** Resolves when the window is loading, or when another instance has taken over. */
  readonly started: Promise<void>
  dispose(): void
}

const closeAnyway = 0
const keepOpen = 1

/**
 * The desktop shell: one window on the engine's pages, and what only a desktop can do (taskbar,
 * notifications, staying awake). It computes nothing and stores nothing.
 */
export function createDesktop(electron: ElectronShell, deps: DesktopDeps): Desktop {
  const { app } = electron
  const state: {
    window: BrowserWindow | null
    engine: DesktopEngine | null
    watch: RunWatch | null
    blocker: number | null
    mayClose: boolean
    isDisposed: boolean
  } = {
    window: null,
    engine: null,
    watch: null,
    blocker: null,
    mayClose: false,
    isDisposed: false,
  }

  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return { started: Promise.resolve(), dispose: () => {} }
  }
  app.on('second-instance', showWindow)
  app.on('activate', showWindow)
  app.on('window-all-closed', () => {
    app.quit()
  })
  // The page asks for no other page, wherever it comes from.
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-attach-webview', (event) => {
      event.preventDefault()
    })
  })

  function showWindow(): void {
    const { window } = state
    if (window === null) return
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  }

  /** The machine stays awake, and the taskbar shows progress, only while something is computed. */
  function showActivity(active: readonly RunSummary[]): void {
    const { powerSaveBlocker } = electron
    const share = overallShare(active)
    if (share !== null && state.blocker === null) {
      state.blocker = powerSaveBlocker.start('prevent-app-suspension')
    } else if (share === null && state.blocker !== null) {
      powerSaveBlocker.stop(state.blocker)
      state.blocker = null
    }
    if (state.window?.isDestroyed() === false) state.window.setProgressBar(share ?? -1)
  }

  function announceEnd(run: RunSummary): void {
    if (run.status === 'cancelled' || !electron.Notification.isSupported()) return
    const body = run.error === null ? run.status : `${run.status}: ${run.error.message}`
    const notification = new electron.Notification({ title: run.name, body })
    notification.on('click', showWindow)
    notification.show()
  }

  function confirmClose(event: { preventDefault(): void }): void {
    const active = state.watch?.active ?? []
    if (state.mayClose || active.length === 0 || state.window === null) return
    event.preventDefault()
    const choice = electron.dialog.showMessageBoxSync(state.window, {
      type: 'question',
      buttons: ['Close the window', 'Keep it open'],
      defaultId: keepOpen,
      cancelId: keepOpen,
      message: 'A run is going on.',
      detail: 'The engine works on to its end without the window; open Saddle again to look at it.',
    })
    if (choice !== closeAnyway) return
    state.mayClose = true
    state.window.close()
  }

  /** Runs that were stopped because the machine went to sleep, with the end of their stopping. */
  const suspended = new Map<string, Promise<unknown>>()

  /** A sleeping machine may not wake again: what is computed so far goes to the disk. */
  function checkpointAll(): void {
    const { engine, watch } = state
    if (engine === null || watch === null) return
    for (const { id, status } of watch.active) {
      if (status !== 'running' || suspended.has(id)) continue
      suspended.set(id, engine.client.call('runs.cancel', { runId: id }))
    }
  }

  function resumeAll(): void {
    const { engine } = state
    for (const [id, stopped] of suspended) {
      stopped
        .then(() => engine?.client.call('runs.resume', { runId: id }))
        .catch((error: unknown) => {
          deps.logger.error(`run ${id} could not be stopped and resumed around a sleep`, error)
        })
    }
    suspended.clear()
  }

  async function connect(): Promise<DesktopEngine> {
    const engine = await deps.attach()
    state.engine = engine
    state.watch = await watchRuns(engine.client, { changed: showActivity, ended: announceEnd })
    void engine.client.closed.then(() => void reconnect(engine))
    return engine
  }

  /** An engine that died is started again; the page signs in anew, for the token is another. */
  async function reconnect(lost: DesktopEngine): Promise<void> {
    if (state.isDisposed || state.engine !== lost) return
    state.watch?.dispose()
    state.watch = null
    showActivity([])
    try {
      const { signInUrl } = await connect()
      const { window } = state
      if (window?.isDestroyed() === false) {
        window.destroy()
        openWindow(signInUrl)
      }
    } catch (error) {
      fail(error)
    }
  }

  function openWindow(signInUrl: string): void {
    const { preload, icon } = deps
    const window = openMainWindow(electron, { signInUrl, preload, icon })
    state.window = window
    window.on('close', confirmClose)
    window.on('closed', () => {
      if (state.window === window) state.window = null
    })
    showActivity(state.watch?.active ?? [])
    window.loadURL(signInUrl).catch((error: unknown) => {
      deps.logger.error('the page could not be loaded', error)
    })
  }

  function fail(error: unknown): void {
    deps.logger.error('the engine cannot be reached', error)
    const message = error instanceof Error ? error.message : String(error)
    electron.dialog.showErrorBox('Saddle cannot start its engine', message)
    app.quit()
  }

  async function start(): Promise<void> {
    try {
      await app.whenReady()
      denyPermissions(electron.session.defaultSession)
      electron.powerMonitor.on('suspend', checkpointAll)
      electron.powerMonitor.on('resume', resumeAll)
      const { signInUrl } = await connect()
      openWindow(signInUrl)
    } catch (error) {
      fail(error)
    }
  }

  function dispose(): void {
    state.isDisposed = true
    state.watch?.dispose()
    state.engine?.client.close()
    if (state.blocker !== null) electron.powerSaveBlocker.stop(state.blocker)
    state.blocker = null
  }
  app.on('will-quit', dispose)

  return { started: start(), dispose }
}
