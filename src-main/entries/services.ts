import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { CliServices } from '#hosts/cli'
import { ApiError } from '#shared/errors'
import { appFolder, buildFacts } from './facts.ts'
import { defaultStoreFolder } from './store-folder.ts'

/** The services of the command line, over the modules of this installation. */
export function createServices(env: Readonly<Record<string, string | undefined>>): CliServices {
  return {
    facts: buildFacts(),
    defaultStore: defaultStoreFolder(env),
    paths: {
      electronPackage: electronPackage(),
      desktopScript: join(appFolder, 'out', 'main', 'electron-main.js'),
      appFolder,
    },
    async openLab(storeFolder, mode, logger) {
      const { openLocalLab } = await import('./open-local-lab.ts')
      return openLocalLab(storeFolder, mode, logger)
    },
    async findEngine(storeFolder) {
      const { connectEngine, readRuntime, runtimePath } = await import('#hosts/http')
      if (readRuntime(runtimePath(storeFolder)) === null) return null
      try {
        return await connectEngine(runtimePath(storeFolder))
      } catch (error) {
        // The file outlived its engine, and another program has its process id or its port now.
        if (error instanceof ApiError && reasonOf(error) === 'silent') return null
        throw error
      }
    },
    async startServer(options) {
      const { startServer } = await import('#hosts/http')
      return startServer({ ...options, staticFolder: join(appFolder, 'out', 'renderer') })
    },
    async writeFileDurably(path, content) {
      const { writeFileDurably } = await import('#lab/store')
      writeFileDurably(path, content)
    },
    async encodeVector(values) {
      const { encodeNpy } = await import('#learn/datasets')
      return encodeNpy({ shape: [values.length], data: values, dtype: 'float32' })
    },
    probe: () => import('#lab/experiments'),
    checks: async () => (await import('#lab/experiments')).runChecks,
    describeRuntime: async () => (await import('#tensor/runtime')).describeRuntime(),
  }
}

const reasonOf = ({ detail }: ApiError): unknown =>
  typeof detail === 'object' && detail !== null && 'reason' in detail ? detail.reason : null

function electronPackage(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    return join(appFolder, 'node_modules', 'electron') // not installed, as in production
  }
}
