import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'
import type { Reply } from './responses.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
}

/** The files of the interface by the path under which they are served. */
export type StaticFiles = ReadonlyMap<string, Reply>

/**
 * Reads all files of the built interface once. Requests are looked up in this map, so no path of a
 * request ever meets the file system.
 */
export function loadStaticFiles(folder: string): StaticFiles {
  const files = new Map<string, Reply>()
  if (!existsSync(folder)) return files
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name).toLowerCase()]
    if (!entry.isFile() || type === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(join(folder, sep).length).replaceAll(sep, '/')
    // Names under assets/ carry a hash of their content.
    const cache = name.startsWith('assets/') ? 'private, max-age=31536000, immutable' : 'no-cache'
    files.set(`/${encodeURI(name)}`, {
      status: 200,
      type,
      headers: { 'Cache-Control': cache },
      body: readFileSync(path),
    })
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}
