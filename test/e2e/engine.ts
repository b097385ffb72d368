import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** A served engine of its own store. */
export class ServedEngine {
  readonly store = mkdtempSync(join(tmpdir(), 'saddle-e2e-'))
  signInUrl = ''
  #child: ChildProcess | null = null
  #port = 0

  /** Starts (again) on the same store and port; resolves when it listens. */
  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        'src-main/entries/cli.ts',
        'serve',
        '--no-open',
        '--json',
        '--port',
        String(this.#port),
        '--store',
        this.store,
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#child = child
    let output = ''
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => {
        reject(new Error(`the engine ended with ${String(code)}: ${errors}`))
      })
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        try {
          const { signInUrl, port } = JSON.parse(output) as { signInUrl: string; port: number }
          this.signInUrl = signInUrl
          this.#port = port
          resolve()
        } catch {
          // not whole yet
        }
      })
    })
  }

  /** Runs an experiment to its end on the command line; for before the engine starts. */
  run(name: string, spec: object): void {
    const file = join(this.store, 'spec.json')
    writeFileSync(file, JSON.stringify({ name, ...spec }))
    const { status, stderr } = spawnSync(
      process.execPath,
      ['src-main/entries/cli.ts', 'run', file, '--store', this.store],
      { cwd: root, encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`saddle run ended with ${String(status)}: ${stderr}`)
  }

  /** Process id of the compute process of a run. */
  workerPid(runId: string): number {
    const file = join(this.store, 'runs', runId, 'worker.json')
    return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid
  }

  /** Ends the engine as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async dispose(): Promise<void> {
    await this.#end('SIGTERM')
    rmSync(this.store, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
}
