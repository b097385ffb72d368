import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The checkout or installation that this file belongs to. */
export const appFolder = join(import.meta.dirname, '..', '..')

const packages = ['onnxruntime-node', 'better-sqlite3', 'zod', 'ws']

/** Version of the app and of the packages that its numbers and its data depend on. */
export function buildFacts(): { appVersion: string; versions: Record<string, string> } {
  return {
    appVersion: versionIn(appFolder),
    versions: Object.fromEntries(
      packages.map((name) => [name, versionIn(join(appFolder, 'node_modules', name))]),
    ),
  }
}

function versionIn(folder: string): string {
  try {
    const text = readFileSync(join(folder, 'package.json'), 'utf8')
    return (JSON.parse(text) as { version?: string }).version ?? 'unknown'
  } catch {
    return 'unknown' // hoisted elsewhere by an installer; only a note in doctor and provenance
  }
}
