import { contextBridge } from 'electron'

// All that a page learns of the shell; whatever it wants done it asks the engine for.
contextBridge.exposeInMainWorld('saddle', {
  shell: 'desktop',
  platform: process.platform,
  electron: process.versions.electron,
})
