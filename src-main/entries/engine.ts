import { appendFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isoNow, lineLogger } from '#base'
import { startServer, watchIdle } from '#hosts/http'
import { appFolder } from './facts.ts'
import { openLocalLab } from './open-local-lab.ts'
import { defaultStoreFolder } from './store-folder.ts'

/**
 * The engine as a process of its own: says on stdout how it is reached, in one line of JSON, and
 * goes on without whoever started it. With `--ends-after-idle-ms` it ends when for so long no client was
 * connected and nothing ran.
 */
const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    static: { type: 'string' },
    'ends-after-idle-ms': { type: 'string' },
  },
})
const storeFolder = resolve(values.store ?? defaultStoreFolder(process.env))
mkdirSync(storeFolder, { recursive: true, mode: 0o700 })
const logFile = join(storeFolder, 'engine.log')
const logger = lineLogger((line) => {
  try {
    appendFileSync(logFile, `${isoNow()} ${line}\n`, { mode: 0o600 })
  } catch {
    // A full disk must not end the engine.
  }
})
// Whoever started it may be gone, and its pipes with it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  const lab = openLocalLab(storeFolder, 'work', logger)
  const server = await startServer({
    lab,
    logger,
    staticFolder: values.static ?? join(appFolder, 'out', 'renderer'),
  })
  const { port } = server
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, port })}\n`)

  const end = async () => {
    await server.close()
    await lab.dispose()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void end())
  const idleMs = Number(values['ends-after-idle-ms'])
  if (idleMs > 0) {
    const isBusy = () => server.clientCount > 0 || lab.hasWork()
    watchIdle(isBusy, idleMs, () => void end())
  }
} catch (error) {
  logger.error('the engine could not start', error)
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`error: ${message}\n`)
  process.exitCode = 1
}
