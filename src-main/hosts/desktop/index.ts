export {
  createDesktop,
  type Desktop,
  type DesktopDeps,
  type DesktopEngine,
} from './create-desktop.ts'
export { startEngineProcess, type EngineProcessOptions } from './engine-process.ts'
export type { ElectronShell } from './shell.ts'
