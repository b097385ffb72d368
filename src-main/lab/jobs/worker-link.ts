import { fork } from 'node:child_process'
import type { WorkerCommand } from '#shared/schemas'

/** How a compute process ended. */
export interface WorkerExit {
  readonly code: number | null
  readonly signal: string | null
  /** The last 8 KB it wrote to stderr. */
  readonly stderr: string
}

/** A running compute process. */
export interface WorkerLink {
  /** Null if it could not be started; `exited` tells why. */
  readonly pid: number | null
  /** A process that is gone ignores it. */
  send(command: WorkerCommand): void
  /** Ends it at once. */
  kill(): void
  /** Resolves when it has ended and every message it sent was delivered. */
  readonly exited: Promise<WorkerExit>
}

const stderrLimit = 8 * 1024

/** How long messages and stderr of a dead process are waited for; a grandchild may hold them open. */
const drainMs = 2_000

/**
 * Starts a compute process.
 *
 * @param entry - Path of a script that calls `runWorker`.
 * @param onMessage - Gets each message as it came, unchecked, in order.
 */
export function startWorker(entry: string, onMessage: (message: unknown) => void): WorkerLink {
  const child = fork(entry, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  })
  let stderr = Buffer.alloc(0)
  child.stderr?.on('data', (piece: Buffer) => {
    stderr = Buffer.concat([stderr, piece]).subarray(-stderrLimit)
  })
  child.on('message', onMessage)

  const exited = Promise.withResolvers<WorkerExit>()
  const isDisconnected = new Promise<void>((resolve) => {
    child.on('disconnect', resolve)
  })
  const isClosed = new Promise<void>((resolve) => {
    child.on('close', () => resolve())
  })
  const settle = (code: number | null, signal: string | null, note = '') => {
    exited.resolve({ code, signal, stderr: stderr.toString('utf8') + note })
  }
  child.on('error', (error) => {
    // After a start this is a failed send or kill, and 'exit' follows.
    if (child.pid === undefined) settle(null, null, error.message)
  })
  child.on('exit', (code, signal) => {
    const timer = setTimeout(() => settle(code, signal), drainMs)
    void Promise.all([isDisconnected, isClosed]).then(() => {
      clearTimeout(timer)
      settle(code, signal)
    })
  })

  return {
    pid: child.pid ?? null,
    send(command) {
      if (child.connected) child.send(command, () => {})
    },
    kill() {
      child.kill('SIGKILL')
    },
    exited: exited.promise,
  }
}
