import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { silentLogger } from '#base'
import { startServer, type EngineServer, type ServerLimits } from '#hosts/http'
import type { Lab } from '#lab/api'
import { openTestLab, temporaryFolder } from './test-lab.ts'

/** A folder like the built interface. */
export function staticFolder(): string {
  const folder = join(temporaryFolder(), 'renderer')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Saddle</title>')
  writeFileSync(join(folder, 'assets', 'main-1a2b.js'), 'export {}')
  writeFileSync(join(folder, 'secret.pem'), 'of no type that is served')
  writeFileSync(join(folder, '..', 'outside.html'), 'outside')
  return folder
}

/** A server over a lab of its own, closed after the test. */
export async function startTestServer(
  options: { lab?: Lab; limits?: Partial<ServerLimits>; host?: string; token?: string } = {},
): Promise<EngineServer & { lab: Lab }> {
  const { lab = openTestLab({ mode: 'look' }), ...rest } = options
  const server = await startServer({
    lab,
    staticFolder: staticFolder(),
    logger: silentLogger,
    ...rest,
  })
  onTestFinished(() => server.close())
  return Object.assign(server, { lab })
}
