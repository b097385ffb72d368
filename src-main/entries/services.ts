import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { CliServices } from '#hosts/cli'
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
      const { findEngine, runtimePath } = await import('#hosts/http')
      return await findEngine(runtimePath(storeFolder))
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
    async safetensorsToNpz(bytes, name) {
      const { encodeNpz, parseSafetensors } = await import('#learn/datasets')
      return encodeNpz(parseSafetensors(bytes, name).arrays)
    },
    async describeExperiment(spec, seed) {
      const { describeExperiment } = await import('#lab/experiments')
      return describeExperiment(spec, seed, join(appFolder, 'resources'))
    },
    probe: () => import('#lab/experiments'),
    bench: () => import('#lab/bench'),
    checks: async () => (await import('#lab/experiments')).runChecks,
    async openRuntime(request) {
      const { openRuntime } = await import('./compute.ts')
      return openRuntime(request)
    },
    async describeCompute() {
      const { describeCompute } = await import('./compute.ts')
      return describeCompute()
    },
  }
}

function electronPackage(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    return join(appFolder, 'node_modules', 'electron') // not installed, as in production
  }
}
