import { spawn } from 'node:child_process'

/** How an engine process is started. */
export interface EngineProcessOptions {
  /** A plain Node binary: native compute never runs inside Electron. */
  readonly nodePath: string
  readonly engineEntry: string
  readonly storeFolder: string
  readonly staticFolder: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** How long it stays when no window is left and nothing runs. @default 30 000 */
  readonly idleMs?: number
  /** @default 30 000 */
  readonly startupMs?: number
}

/** Variables that would make Node run something else, or wait for a debugger. */
const unwanted = ['NODE_OPTIONS', 'ELECTRON_RUN_AS_NODE', 'NODE_CHANNEL_FD']

/**
 * Starts an engine that outlives this process; resolves when it listens.
 *
 * @throws Error with the engine's last words if it ends, or stays silent, before it listens.
 */
export async function startEngineProcess(options: EngineProcessOptions): Promise<number> {
  const { nodePath, engineEntry, storeFolder, staticFolder } = options
  const { idleMs = 30_000, startupMs = 30_000 } = options
  const env = Object.fromEntries(
    Object.entries(options.env).filter(([name]) => !unwanted.includes(name)),
  )
  const args = [
    engineEntry,
    ...['--store', storeFolder],
    ...['--static', staticFolder],
    ...['--ends-after-idle-ms', String(idleMs)],
  ]
  const child = spawn(nodePath, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const { stdout, stderr } = child
  let out = ''
  let words = ''
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill()
        reject(new Error(`the engine did not start within ${String(startupMs / 1_000)} s`))
      }, startupMs)
      const fail = (problem: string) => {
        clearTimeout(timer)
        reject(new Error(`${problem}${words === '' ? '' : `: ${words.trim()}`}`))
      }
      stdout.on('data', (piece: Buffer) => {
        out += piece.toString()
        if (!out.includes('\n')) return
        clearTimeout(timer)
        resolve()
      })
      stderr.on('data', (piece: Buffer) => {
        words = (words + piece.toString()).slice(-2_000)
      })
      child.once('error', (error) => {
        fail(`the engine cannot be started (${error.message})`)
      })
      child.once('close', (code) => {
        fail(`the engine ended with exit code ${String(code)}`)
      })
    })
  } finally {
    stdout.destroy()
    stderr.destroy()
    child.unref()
  }
  return child.pid ?? 0
}
