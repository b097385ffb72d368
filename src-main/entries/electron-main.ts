import * as electron from 'electron'
import { join } from 'node:path'
import { lineLogger } from '#base'
import { createDesktop, startEngineProcess } from '#hosts/desktop'
import { connectEngine, findEngine, runtimePath } from '#hosts/http'
import { defaultStoreFolder } from './store-folder.ts'

const { app } = electron
// Packaged files that a plain Node must read lie outside the archive.
const root = app.getAppPath().replace(/app\.asar$/, 'app.asar.unpacked')
const nodeName = process.platform === 'win32' ? 'node.exe' : 'node'
const nodePath = app.isPackaged
  ? join(process.resourcesPath, 'node', nodeName)
  : join(root, 'node_modules', 'node', 'bin', nodeName)
const storeFolder = defaultStoreFolder(process.env)
const runtimeFile = runtimePath(storeFolder)

app.enableSandbox()
const { started } = createDesktop(electron, {
  preload: join(app.getAppPath(), 'out', 'preload', 'preload.cjs'),
  logger: lineLogger((line) => process.stderr.write(`${line}\n`)),
  async attach() {
    const running = await findEngine(runtimeFile)
    if (running !== null) return running
    await startEngineProcess({
      nodePath,
      engineEntry: join(root, 'src-main', 'entries', 'engine.ts'),
      storeFolder,
      staticFolder: join(root, 'out', 'renderer'),
      env: process.env,
    })
    return await connectEngine(runtimeFile)
  },
})
await started
