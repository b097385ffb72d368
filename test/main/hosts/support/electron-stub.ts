import { EventEmitter } from 'node:events'
import type { ElectronShell } from '#hosts/desktop'

type Handler = (...args: never[]) => unknown

/** One window of the stub. */
export class StubWindow extends EventEmitter {
  readonly options: { webPreferences: Record<string, unknown> } & Record<string, unknown>
  readonly loaded: string[] = []
  readonly progress: number[] = []
  readonly shown: string[] = []
  isGone = false
  openHandler: ((details: { url: string }) => { action: string }) | null = null
  readonly webContents = Object.assign(new EventEmitter(), {
    setWindowOpenHandler: (handler: (details: { url: string }) => { action: string }) => {
      this.openHandler = handler
    },
  })

  constructor(options: StubWindow['options']) {
    super()
    this.options = options
  }

  loadURL(url: string) {
    this.loaded.push(url)
    return Promise.resolve()
  }
  setProgressBar(share: number) {
    this.progress.push(share)
  }
  show() {
    this.shown.push('show')
  }
  focus() {
    this.shown.push('focus')
  }
  restore() {
    this.shown.push('restore')
  }
  isMinimized() {
    return true
  }
  isDestroyed() {
    return this.isGone
  }
  destroy() {
    this.isGone = true
    this.emit('closed')
  }
  /** As a person does it: asks first, then is gone. */
  close() {
    const event = { isPrevented: false, preventDefault: () => (event.isPrevented = true) }
    this.emit('close', event)
    if (!event.isPrevented) this.destroy()
  }
}

/** Electron as far as the shell uses it, with what was done to it. */
export function electronStub(options: { hasLock?: boolean; closeAnswer?: number } = {}) {
  const seen = {
    windows: [] as StubWindow[],
    notifications: [] as { title: string; body: string }[],
    blockers: new Set<number>(),
    questions: 0,
    errors: [] as string[],
    opened: [] as string[],
    quits: 0,
    permissions: {} as Record<string, Handler>,
  }
  let lastBlocker = 0
  const app = Object.assign(new EventEmitter(), {
    requestSingleInstanceLock: () => options.hasLock ?? true,
    whenReady: () => Promise.resolve(),
    quit: () => (seen.quits += 1),
  })
  const powerMonitor = new EventEmitter()
  const remember = (name: string) => (handler: Handler) => {
    seen.permissions[name] = handler
  }
  class Notification extends EventEmitter {
    static isSupported = () => true
    readonly text: { title: string; body: string }
    constructor(text: { title: string; body: string }) {
      super()
      this.text = text
    }
    show() {
      seen.notifications.push(this.text)
    }
  }
  const electron = {
    app,
    powerMonitor,
    Notification,
    BrowserWindow: class extends StubWindow {
      constructor(given: StubWindow['options']) {
        super(given)
        seen.windows.push(this)
      }
    },
    dialog: {
      showMessageBoxSync: () => {
        seen.questions += 1
        return options.closeAnswer ?? 1
      },
      showErrorBox: (_title: string, text: string) => seen.errors.push(text),
    },
    powerSaveBlocker: {
      start: () => {
        lastBlocker += 1
        seen.blockers.add(lastBlocker)
        return lastBlocker
      },
      stop: (id: number) => seen.blockers.delete(id),
    },
    session: {
      defaultSession: {
        setPermissionRequestHandler: remember('request'),
        setPermissionCheckHandler: remember('check'),
        setDevicePermissionHandler: remember('device'),
      },
    },
    shell: {
      openExternal: (url: string) => {
        seen.opened.push(url)
        return Promise.resolve()
      },
    },
  }
  return { electron: electron as unknown as ElectronShell, app, powerMonitor, seen }
}
