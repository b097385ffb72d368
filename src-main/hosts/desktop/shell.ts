import type * as Electron from 'electron'

/** What the shell uses of Electron; a stub of it makes the shell testable in plain Node. */
export type ElectronShell = Pick<
  typeof Electron,
  | 'app'
  | 'BrowserWindow'
  | 'Notification'
  | 'dialog'
  | 'powerMonitor'
  | 'powerSaveBlocker'
  | 'session'
  | 'shell'
>
