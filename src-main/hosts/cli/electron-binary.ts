import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CliIo } from './io.ts'
import type { CliServices } from './services.ts'

/** Where the desktop can be started from, or why it cannot. */
export type DesktopSearch =
  { readonly binary: string } | { readonly binary: null; readonly reason: string }

/** Looks for Electron without importing its package, which would download it. */
export function findDesktop(io: CliIo, { paths }: CliServices): DesktopSearch {
  const override = io.env['ELECTRON_OVERRIDE_DIST_PATH']
  const name = readName(join(paths.electronPackage, 'path.txt')) ?? defaultName(io.platform)
  const binary = join(override ?? join(paths.electronPackage, 'dist'), name)
  if (!existsSync(binary)) return { binary: null, reason: 'the Electron binary is not installed' }
  if (!existsSync(paths.desktopScript)) {
    return { binary: null, reason: 'the desktop is not built ("npm run build")' }
  }
  const { DISPLAY: x11, WAYLAND_DISPLAY: wayland } = io.env
  if (io.platform === 'linux' && (x11 ?? '') === '' && (wayland ?? '') === '') {
    return { binary: null, reason: 'there is no display' }
  }
  return { binary }
}

function readName(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null // written by Electron's installer, so absent before it ran
  }
}

function defaultName(platform: string): string {
  if (platform === 'win32') return 'electron.exe'
  return platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron'
}
