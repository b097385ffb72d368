import type { BrowserWindow } from 'electron'
import { confine } from './secure-session.ts'
import type { ElectronShell } from './shell.ts'

/** What a window is made for. */
export interface WindowOptions {
  /** Loopback address that signs the page in. */
  readonly signInUrl: string
  readonly preload: string
  readonly icon?: string | undefined
}

/** Opens the one window, with all of Electron's guards up. */
export function openMainWindow(electron: ElectronShell, options: WindowOptions): BrowserWindow {
  const window = new electron.BrowserWindow({
    width: 1360,
    height: 900,
    minWidth: 720,
    minHeight: 520,
    show: false,
    title: 'Saddle',
    autoHideMenuBar: true,
    ...(options.icon === undefined ? {} : { icon: options.icon }),
    webPreferences: {
      preload: options.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
    },
  })
  confine(window.webContents, new URL(options.signInUrl).origin, (url) => {
    void electron.shell.openExternal(url)
  })
  window.once('ready-to-show', () => {
    window.show()
  })
  return window
}
